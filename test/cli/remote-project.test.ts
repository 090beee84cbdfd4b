import { describe, expect, it } from 'vitest';
import { variablesText } from '../../src/cli/remote-project.ts';

describe('the variables of a project of another machine', () => {
  it('are shown with their values, where these come from, and no secrets', () => {
    const variable = (name: string, defaultValue = '', required = false) => ({
      name,
      defaultValue,
      required,
      presenceValue: '',
    });
    const text = variablesText(
      [variable('DB_PASSWORD', 'change-me'), variable('MUST', '', true), variable('TAG', '1'), variable('USER')],
      { DB_PASSWORD: 'hunter2', USER: 'me' },
    );
    expect(text.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['Found the following variables in configuration:'],
      ['VARIABLE', 'VALUE', 'SOURCE', 'REQUIRED', 'DEFAULT'],
      ['DB_PASSWORD', '***', 'environment', 'no', 'change-me'],
      ['MUST', '<unset>', 'none', 'yes', ''],
      ['TAG', '1', 'compose file', 'no', '1'],
      ['USER', 'me', 'environment', 'no', ''],
      ['Do you want to proceed with these variables?'],
    ]);
  });
});
