// Values that mean nothing are told before anything is looked at, in docker compose's words where it has some.
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/program.ts';
import { fakeContext } from './support/fake-output.ts';

/** Reads the command line and runs the command where there is neither a Compose file nor an engine. */
async function runLine(...line: readonly string[]): Promise<unknown> {
  const invocation = parseCommandLine(line, { program: 'windlass', width: 80 });
  if (invocation.kind !== 'command') throw new Error(`"${line.join(' ')}" is no command`);
  return invocation.command.start(fakeContext(), invocation.flags, invocation.args);
}

describe('a value that means nothing', () => {
  it.each<[string, readonly string[], string, string]>([
    ['logs --tail', ['logs', '--tail', 'x'], 'invalid value for "--tail": "x" is not a number of lines', '"all"'],
    ['logs --tail', ['logs', '-n', '1.5'], 'invalid value for "--tail": "1.5" is not a number of lines', '"all"'],
    ['logs --since', ['logs', '--since', 'soon'], 'invalid value for "--since": "soon"', '42m'],
    ['logs --level', ['logs', '--level', 'loud'], 'invalid value for "--level": "loud"', 'give one of'],
    ['ps --status', ['ps', '--status', 'bad'], 'no container can have the status "bad"', 'use one of paused'],
    ['ps --status', ['ps', '--status', 'Runing'], 'no container can have the status "Runing"', 'mean "running"'],
    ['ps --filter', ['ps', '--filter', 'status=up'], 'no container can have the status "up"', 'use one of paused'],
    ['exec --env', ['exec', '-e', '=x', 'web', 'true'], 'invalid environment variable: =x', 'KEY=VALUE'],
    ['build --memory', ['build', '-m', '5x'], "invalid size: '5x'", '512m'],
    ['build --ssh', ['build', '--ssh', 'x'], 'invalid ssh key "x"', 'id=path'],
    ['port', ['port', 'web', 'http'], 'strconv.ParseUint: parsing "http": invalid syntax', 'from 0 to 65535'],
    ['ls --filter', ['ls', '--filter', 'name'], 'bad format of filter (expected name=value)', ''],
  ])('%s (%o) is refused', async (_, line, message, hint) => {
    await expect(runLine(...line)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      ...(hint === '' ? {} : { hint: expect.stringContaining(hint) }),
      exitCode: 1,
    });
  });
});
