// Keys for bundles, minisign's and SSH's, as commands and the environment name them.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { reasonOf } from '../../errors.ts';
import { realHost } from '../../host.ts';
import { BundleError } from '../../shipping/bundle/bundle-error.ts';
import type { BundleHead } from '../../shipping/bundle/read-bundle.ts';
import { checkSignature, readPublicKey, readSecretKey, signText } from '../../shipping/bundle/signature.ts';
import { isSshKeys, readSshKeys, SSH_NAMESPACE } from '../../shipping/bundle/ssh-keys.ts';
import { checkSshSignature, isSshSignature } from '../../shipping/bundle/ssh-signature.ts';
import type { CommandContext } from '../context.ts';

/** What signs a bundle's manifest, from a secret key file; of SSH's, a public one too, whose other half an agent holds. */
export async function signerFrom(
  file: string,
  { env, signal }: Pick<CommandContext, 'env' | 'signal'>,
  project: string,
): Promise<(manifest: string) => Promise<string>> {
  const text = await textOf(file);
  if (!isSshKeys(text) && !/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    const key = readSecretKey(text, env.WINDLASS_SIGNING_PASSWORD);
    return async (manifest) => signText(manifest, key, `windlass bundle of ${project}`);
  }
  return async (manifest) => {
    // SSH's own program asks for passphrases, and knows agents and security keys.
    const args = ['-q', '-Y', 'sign', '-n', SSH_NAMESPACE, '-f', file];
    const { exitCode, stdout, stderr } = await realHost.run('ssh-keygen', args, { input: manifest, signal });
    if (exitCode !== 0)
      throw new BundleError(`ssh-keygen cannot sign with "${file}": ${stderr.trim()}`, {
        hint: 'unlock the key ("ssh-add"), or use another one',
      });
    return stdout;
  };
}

/** Throws BundleError for a bundle that is not signed as it must be. */
export type SignatureCheck = (head: BundleHead) => void;

/** From a public key, a file of one, or a file of SSH's allowed signers. */
export async function signatureCheckFrom(given: string, cwd: string): Promise<SignatureCheck> {
  const isKey = /^[A-Za-z0-9+/]{56}$/.test(given.trim()) || isSshKeys(given);
  const text = isKey ? given : await textOf(resolve(cwd, given));
  const check = isSshKeys(text) ? sshCheck(text) : minisignCheck(text);
  return ({ signature, manifestText }) => {
    if (signature === undefined)
      throw new BundleError('the bundle is not signed', {
        hint: 'ask whoever made it for a signed one ("bundle save --sign")',
      });
    check(manifestText, signature);
  };
}

type TextCheck = (manifest: string, signature: string) => void;

function minisignCheck(text: string): TextCheck {
  const key = readPublicKey(text);
  return (manifest, signature) => {
    if (isSshSignature(signature)) throw otherKind("SSH's", "minisign's");
    checkSignature(manifest, signature, key);
  };
}

function sshCheck(text: string): TextCheck {
  const keys = readSshKeys(text, new Date());
  return (manifest, signature) => {
    if (!isSshSignature(signature)) throw otherKind("minisign's", "SSH's");
    checkSshSignature(manifest, signature, keys);
  };
}

const otherKind = (found: string, wanted: string): BundleError =>
  new BundleError(`the bundle's signature is of ${found} kind, and the key of ${wanted}`, {
    hint: 'ask whoever made it for its public key',
  });

const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: unknown) => {
    throw new BundleError(`cannot read the key "${file}": ${reasonOf(cause)}`, { cause });
  });
