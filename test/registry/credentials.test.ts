import { describe, expect, it } from 'vitest';
import type { DockerConfig } from '../../src/docker-config.ts';
import { HostError } from '../../src/errors.ts';
import type { Host, RunResult } from '../../src/host.ts';
import { allCredentials, credentialsFor, DOCKER_HUB, registryOf } from '../../src/registry/credentials.ts';

const NO_HELPER: Host = { run: () => Promise.reject(new Error('no helper may run here')) };

interface Ran {
  readonly program: string;
  readonly args: readonly string[];
  readonly input: string | undefined;
}

function helper(result: Partial<RunResult> | Error): { host: Host; ran: Ran[] } {
  const ran: Ran[] = [];
  return {
    ran,
    host: {
      run(program, args, options) {
        ran.push({ program, args, input: options?.input });
        return result instanceof Error
          ? Promise.reject(result)
          : Promise.resolve({ exitCode: 0, stdout: '', stderr: '', ...result });
      },
    },
  };
}

const auth = (text: string): string => Buffer.from(text).toString('base64');

describe('the registry of a reference', () => {
  it.each([
    ['busybox', DOCKER_HUB],
    ['library/busybox:1', DOCKER_HUB],
    ['docker.io/library/busybox', DOCKER_HUB],
    ['ghcr.io/a/b', 'ghcr.io'],
    ['localhost/a', 'localhost'],
    ['localhost:5000/a', 'localhost:5000'],
    ['registry:5000/a@sha256:00', 'registry:5000'],
    ['a/b.c', DOCKER_HUB],
  ])('%s is %s', (reference, registry) => {
    expect(registryOf(reference)).toBe(registry);
  });
});

describe('credentials in config.json', () => {
  it.each<[string, DockerConfig, object | undefined]>([
    [
      'ghcr.io',
      { auths: { 'ghcr.io': { auth: auth('me:pa:ss') } } },
      { username: 'me', password: 'pa:ss', serveraddress: 'ghcr.io' },
    ],
    [
      'ghcr.io',
      { auths: { 'https://ghcr.io/v2/': { auth: auth('me:p') } } },
      { username: 'me', password: 'p', serveraddress: 'ghcr.io' },
    ],
    [
      DOCKER_HUB,
      { auths: { [DOCKER_HUB]: { username: 'u', password: 'p' } } },
      { username: 'u', password: 'p', serveraddress: DOCKER_HUB },
    ],
    ['r', { auths: { r: { identitytoken: 't' } } }, { identitytoken: 't', serveraddress: 'r' }],
    ['r', { auths: { r: {} } }, undefined],
    ['r', { auths: { other: { auth: auth('a:b') } } }, undefined],
    ['r', {}, undefined],
    ['r', { auths: { r: { auth: '!!!' } } }, undefined],
  ])('for %s', async (registry, config, expected) => {
    expect(await credentialsFor(registry, config, NO_HELPER)).toEqual(expected);
  });
});

describe('credential helpers', () => {
  it('are asked for the registry on standard input', async () => {
    const { host, ran } = helper({ stdout: '{"ServerURL":"r","Username":"u","Secret":"s"}' });
    expect(await credentialsFor('r', { credsStore: 'pass' }, host)).toEqual({
      username: 'u',
      password: 's',
      serveraddress: 'r',
    });
    expect(ran).toEqual([{ program: 'docker-credential-pass', args: ['get'], input: 'r' }]);
  });

  it('of one registry win over the store', async () => {
    const { host, ran } = helper({ stdout: '{"Username":"u","Secret":"s"}' });
    await credentialsFor('ghcr.io', { credsStore: 'pass', credHelpers: { 'ghcr.io': 'gh' } }, host);
    expect(ran[0]?.program).toBe('docker-credential-gh');
  });

  it('may give an identity token', async () => {
    const { host } = helper({ stdout: '{"Username":"<token>","Secret":"tok"}' });
    expect(await credentialsFor('r', { credsStore: 'x' }, host)).toEqual({ identitytoken: 'tok', serveraddress: 'r' });
  });

  it('that have none leave the file to be asked', async () => {
    const { host } = helper({ exitCode: 1, stdout: 'credentials not found in native keychain\n' });
    const config = { credsStore: 'x', auths: { r: { auth: auth('u:p') } } };
    expect(await credentialsFor('r', config, host)).toMatchObject({ username: 'u' });
  });

  it('that fail are named, without what they printed', async () => {
    const { host } = helper({ exitCode: 2, stdout: 'hush', stderr: 'hush' });
    const error = await credentialsFor('r', { credsStore: 'x' }, host).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: 'cannot get the credentials for registry "r": docker-credential-x ended with status 2',
    });
    expect(String((error as { hint?: string }).hint)).toMatch(/install docker-credential-x/);
  });

  it('that are not installed are named', async () => {
    const { host } = helper(new HostError('cannot run "docker-credential-x": spawn docker-credential-x ENOENT'));
    await expect(credentialsFor('r', { credsStore: 'x' }, host)).rejects.toThrow(
      /docker-credential-x is not installed/,
    );
  });

  it('that fail do not stop a build that may not need them', async () => {
    const { host } = helper({ exitCode: 2 });
    const config = { credHelpers: { bad: 'x' }, auths: { good: { auth: auth('u:p') } } };
    expect(Object.keys(await allCredentials(config, host))).toEqual(['good']);
  });
});
