// Keys for bundles, as commands and the environment name them.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf } from '../../errors.ts';
import { BundleError } from '../../shipping/bundle/bundle-error.ts';
import type { BundleHead } from '../../shipping/bundle/read-bundle.ts';
import {
  checkSignature,
  readPublicKey,
  readSecretKey,
  type SigningKey,
  signText,
} from '../../shipping/bundle/signature.ts';

/** What signs a bundle's manifest, from a secret key file. */
export async function signerFrom(
  file: string,
  password: string | undefined,
  project: string,
): Promise<(manifest: string) => string> {
  const key = readSecretKey(await textOf(file), password);
  return (manifest) => signText(manifest, key, `windlass bundle of ${project}`);
}

/** A public key file, or the key itself. */
export async function publicKeyFrom(text: string, cwd: string): Promise<SigningKey> {
  return readPublicKey(/^[A-Za-z0-9+/]{56}$/.test(text.trim()) ? text : await textOf(resolve(cwd, text)));
}

/** Throws BundleError for a bundle that is not signed with the key. */
export function requireSignature({ signature, manifestText }: BundleHead, key: SigningKey): void {
  if (signature === undefined)
    throw new BundleError('the bundle is not signed', {
      hint: 'ask whoever made it for a signed one ("bundle save --sign")',
    });
  checkSignature(manifestText, signature, key);
}

const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: unknown) => {
    throw new BundleError(`cannot read the key "${file}": ${messageOf(cause)}`, { cause });
  });
