import { describe, expect, it } from 'vitest';
import { checkServices, expandServices } from '../../src/cli/service-arguments.ts';
import type { ObservedContainer } from '../../src/engine/engine.ts';
import { LABEL } from '../../src/names.ts';
import { nearest } from '../../src/suggest.ts';
import { aProject } from '../support/project-builder.ts';

const names = ['api', 'db1', 'db2', 'web', 'web-admin', 'x.y'];

describe('service arguments', () => {
  it.each([
    [['web'], ['web']],
    [['web*'], ['web', 'web-admin']],
    [['db[12]'], ['db1', 'db2']],
    [['db[^1]'], ['db2']],
    [['?pi'], ['api']],
    [['*'], names],
    [
      ['web', 'w*'],
      ['web', 'web-admin'],
    ],
    [['x.y'], ['x.y']],
    [['x\\.y'], ['x.y']],
    [[], []],
  ])('%o name %o', (args, expected) => {
    expect(expandServices(names, args)).toEqual(expected);
  });

  it('treat a dot as a dot', () => {
    expect(() => expandServices(['xay'], ['x.y*'])).toThrow('no such service: x.y*');
  });

  it('that name nothing are refused with a suggestion', () => {
    expect(() => expandServices(names, ['wbe'])).toThrow(
      expect.objectContaining({ message: 'no such service: wbe', hint: 'did you mean "web"?' }),
    );
    expect(() => expandServices(names, ['zzzzzz'])).toThrow(
      expect.objectContaining({ hint: 'the services of this project are: api, db1, db2, web, web-admin, x.y' }),
    );
  });

  it.each(['db[', 'db[9-1]'])('that are no pattern, as %s, are refused', (pattern) => {
    expect(() => expandServices(names, [pattern])).toThrow(`syntax error in pattern "${pattern}"`);
  });
});

describe('did you mean', () => {
  it.each([
    ['wbe', 'web'],
    ['databse', 'database'],
    ['nginx', undefined],
    ['w', undefined],
  ])('%s: %s', (word, expected) => {
    expect(nearest(word, ['web', 'database', 'cache'])).toBe(expected);
  });
});

describe('names of services, where containers are looked at', () => {
  const containers = ['web', 'old'].map(
    (service) => ({ labels: { [LABEL.service]: service } }) as unknown as ObservedContainer,
  );
  const project = aProject({ services: { web: {}, db: {} } });
  const check = (name: string, files: boolean): string => {
    const said: string[] = [];
    const seen = { name: 'shop', project: files ? project : undefined };
    checkServices({ warn: (text) => void said.push(text) }, [name], seen, containers);
    return said.join();
  };

  it.each([
    ['web', true],
    ['db', true],
    ['old', true],
    ['old', false],
  ])('%s is one', (name, files) => {
    expect(check(name, files)).toBe('');
  });

  it('are an error where the files do not have them, and a warning without files', () => {
    expect(() => check('wbe', true)).toThrow('no such service: wbe');
    expect(check('wbe', false)).toBe('project "shop" has no container of service "wbe"; did you mean "web"?');
    expect(check('db', false)).toBe('project "shop" has no container of service "db"');
  });
});
