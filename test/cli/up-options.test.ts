import { describe, expect, it } from 'vitest';
import { checkUpFlags, type UpFlags, upPlanOptions } from '../../src/cli/commands/up-options.ts';
import { parseCommandLine } from '../../src/cli/program.ts';
import type { Target } from '../../src/cli/project.ts';
import type { Project, Service } from '../../src/model.ts';
import { fakeContext } from './support/fake-output.ts';

function flags(line: string): UpFlags {
  const invocation = parseCommandLine(['up', ...line.split(' ').filter(Boolean)], { program: 'windlass', width: 80 });
  if (invocation.kind !== 'command') throw new Error('not a command');
  return invocation.flags as unknown as UpFlags;
}

const service = (name: string): Service => ({ name, image: 'busybox', command: null, entrypoint: null });
const project = { name: 'shop', services: { web: service('web') }, disabledServices: {} } as unknown as Project;
const target: Target = { project, services: ['web'], rebuilt: false };
const options = (line: string, env: Record<string, string> = {}) =>
  upPlanOptions(fakeContext({ env }), flags(line), target);

describe('flags of up that exclude each other', () => {
  const detached =
    '--detach cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach, --attach-dependencies or --watch';
  it.each([
    ['-d --attach web', detached],
    ['-d --abort-on-container-exit', detached],
    ['-d --abort-on-container-failure', detached],
    ['-d --attach-dependencies', detached],
    ['-d --exit-code-from web', detached],
    ['-d -w', detached],
    [
      '--wait --attach web',
      '--wait cannot be combined with --abort-on-container-exit, --attach or --attach-dependencies',
    ],
    [
      '--wait --watch',
      '--wait cannot be combined with --abort-on-container-exit, --abort-on-container-failure, --attach, --attach-dependencies or --watch',
    ],
    ['--build --no-build', '--build and --no-build are incompatible'],
    ['--force-recreate --no-recreate', '--force-recreate and --no-recreate are incompatible'],
    ['--always-recreate-deps --no-recreate', '--always-recreate-deps and --no-recreate are incompatible'],
    ['-V --no-recreate', '--no-recreate and --renew-anon-volumes are incompatible'],
    ['--attach web --attach-dependencies', 'cannot combine --attach and --attach-dependencies'],
    [
      '--abort-on-container-exit --abort-on-container-failure',
      '--abort-on-container-failure cannot be combined with --abort-on-container-exit',
    ],
  ])('%s', (line, message) => {
    expect(() => checkUpFlags(flags(line))).toThrow(message);
  });

  it.each([
    '',
    '-d --build',
    '--wait -d',
    '--abort-on-container-failure --exit-code-from web',
    '--attach web --no-attach db',
  ])('"%s" is fine', (line) => {
    expect(() => checkUpFlags(flags(line))).not.toThrow();
  });
});

describe('what the flags of up mean', () => {
  it.each<[string, object]>([
    ['', { recreate: 'diverged', recreateDependencies: 'diverged', build: 'missing', orphans: 'warn', start: true }],
    ['--force-recreate', { recreate: 'force', recreateDependencies: 'diverged' }],
    ['-V', { recreate: 'force', renewAnonymousVolumes: true }],
    ['--no-recreate', { recreate: 'never', recreateDependencies: 'never' }],
    ['--always-recreate-deps', { recreate: 'diverged', recreateDependencies: 'force' }],
    ['--build', { build: 'always' }],
    ['--no-build', { build: 'never' }],
    ['--pull always', { pull: 'always' }],
    ['--pull policy', { pull: undefined }],
    ['--no-start', { start: false }],
    ['--wait --wait-timeout 10', { wait: true, waitTimeoutSeconds: 10 }],
    ['--scale web=3', { scale: { web: 3 } }],
    ['-t 0', { timeoutSeconds: 0 }],
    ['-y', { recreateVolumes: 'all' }],
    ['--remove-orphans', { orphans: 'remove' }],
  ])('"%s"', (line, expected) => {
    expect(options(line)).toMatchObject(expected);
  });

  it('lets the environment decide about orphans where no flag does', () => {
    expect(options('', { COMPOSE_REMOVE_ORPHANS: '1' }).orphans).toBe('remove');
    expect(options('--remove-orphans=false', { COMPOSE_REMOVE_ORPHANS: '1' }).orphans).toBe('warn');
    expect(options('', { COMPOSE_IGNORE_ORPHANS: 'true' }).orphans).toBe('ignore');
    expect(() => options('--remove-orphans', { COMPOSE_IGNORE_ORPHANS: 'true' })).toThrow(
      'cannot combine COMPOSE_IGNORE_ORPHANS and --remove-orphans',
    );
  });

  it.each([
    ['--scale web', 'invalid --scale option "web". Should be SERVICE=NUM'],
    ['--scale web=x', 'invalid --scale option "web=x". Should be SERVICE=NUM'],
    ['--scale wb=1', 'no such service: wb'],
    ['--pull sometimes', 'invalid --pull option "sometimes"'],
  ])('"%s" is refused', (line, message) => {
    expect(() => options(line)).toThrow(message);
  });
});
