// Which tool a key belongs to, and what comes of using one tool's key with the other's signature.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { signatureCheckFrom, signerFrom } from '../../../src/cli/bundle/keys.ts';
import type { BundleHead } from '../../../src/shipping/bundle/read-bundle.ts';

const MINISIGN_KEY = 'RWQSU/kV7MrivR5mHIz9sYG3d2GR0bFrMrYS2D6rmACi16wXTxxbJx17';
const SSH_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICN8fdKAtgTKS4WMRlUyX8PMaesJMpOlU+5Hjn2/L9pQ';
const MINISIGN = 'untrusted comment: x\nAAAA\ntrusted comment: x\nAAAA\n';
const SSH = '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n';

const signed = (signature: string | undefined): BundleHead => ({ manifestText: '{}', signature }) as BundleHead;

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'windlass-keys-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** A program in the place of ssh-keygen, which tells what it was given. */
async function sshKeygen(path: string, script: string): Promise<void> {
  const program = join(path, 'ssh-keygen');
  await writeFile(program, `#!/bin/sh\n${script}\n`);
  await chmod(program, 0o755);
  vi.stubEnv('PATH', `${path}:${process.env.PATH}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
}

const context = { env: {}, signal: new AbortController().signal };

it.each([
  ['a secret key', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n'],
  ['a public key whose other half an agent holds', `${SSH_KEY} me@here\n`],
])('%s of SSH signs by ssh-keygen', async (_, key) => {
  const path = await folder();
  await sshKeygen(path, `cat > '${path}/text'; echo "$*" > '${path}/args'; echo signature`);
  await writeFile(join(path, 'key'), key);
  const sign = await signerFrom(join(path, 'key'), context, 'shop');
  expect(await sign('the manifest')).toBe('signature\n');
  expect(await readFile(join(path, 'text'), 'utf8')).toBe('the manifest');
  expect(await readFile(join(path, 'args'), 'utf8')).toBe(`-q -Y sign -n windlass-bundle -f ${path}/key\n`);
});

it('passes on why ssh-keygen does not sign', async () => {
  const path = await folder();
  await sshKeygen(path, 'echo "incorrect passphrase" >&2; exit 255');
  await writeFile(join(path, 'key'), `${SSH_KEY}\n`);
  const sign = await signerFrom(join(path, 'key'), context, 'shop');
  await expect(sign('')).rejects.toMatchObject({ message: expect.stringContaining('incorrect passphrase') });
});

it('a key of one kind does not check signatures of the other', async () => {
  const [ssh, minisign] = [await signatureCheckFrom(SSH_KEY, '/'), await signatureCheckFrom(MINISIGN_KEY, '/')];
  expect(() => ssh(signed(MINISIGN))).toThrow("of minisign's kind, and the key of SSH's");
  expect(() => minisign(signed(SSH))).toThrow("of SSH's kind, and the key of minisign's");
  for (const check of [ssh, minisign]) expect(() => check(signed(undefined))).toThrow('the bundle is not signed');
});

it('reads keys from files, relative to the current folder', async () => {
  const path = await folder();
  await writeFile(join(path, 'allowed'), `me@here ${SSH_KEY}\n`);
  const check = await signatureCheckFrom('allowed', path);
  expect(() => check(signed(MINISIGN))).toThrow("the key of SSH's");
  await expect(signatureCheckFrom('gone', path)).rejects.toThrow('cannot read the key');
});
