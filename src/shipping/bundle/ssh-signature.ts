// Signatures that "ssh-keygen -Y sign" makes (openssh's PROTOCOL.sshsig). Pure but for the cryptography.
import { createHash, verify } from 'node:crypto';
import { BundleError } from './bundle-error.ts';
import { SSH_NAMESPACE, type SshKey, sshKey, unsigned } from './ssh-keys.ts';
import { SshReader, sshString } from './ssh-wire.ts';

const [HEAD, TAIL] = ['-----BEGIN SSH SIGNATURE-----', '-----END SSH SIGNATURE-----'];
const MAGIC = 'SSHSIG';
/** SSH's name of a hash → Node's. No others may be used. */
const HASHES: Readonly<Record<string, string>> = { sha256: 'sha256', sha512: 'sha512' };

export const isSshSignature = (text: string): boolean => text.startsWith(HEAD);

/** Checks a signature file. Throws BundleError where it is none of these keys', or not of this text. */
export function checkSshSignature(text: string, signatureFile: string, trusted: readonly Buffer[]): void {
  const what = 'the signature of the bundle';
  const end = signatureFile.indexOf(TAIL);
  const body = end < 0 ? '' : signatureFile.slice(HEAD.length, end);
  const reader = new SshReader(Buffer.from(body, 'base64'), what);
  if (reader.take(MAGIC.length).toString('latin1') !== MAGIC || reader.take(4).readUInt32BE() !== 1)
    throw new BundleError(`${what} is damaged`);
  const blob = reader.string();
  const [namespace, reserved, hash] = [reader.text(), reader.string(), reader.text()];
  const signature = reader.string();
  reader.end();
  if (!trusted.some((one) => one.equals(blob)))
    throw new BundleError('the bundle is signed with another key', { hint: 'ask whoever made it for its public key' });
  if (namespace !== SSH_NAMESPACE)
    throw new BundleError(`the signature was made for "${namespace}", not for "${SSH_NAMESPACE}"`);
  const algorithm = HASHES[hash];
  if (algorithm === undefined) throw new BundleError(`the signature's hash "${hash}" is not one that may be used`);
  const signed = Buffer.concat([
    Buffer.from(MAGIC),
    ...[namespace, reserved, hash, createHash(algorithm).update(text).digest()].map(sshString),
  ]);
  if (!verifies(signed, signature, sshKey(blob)))
    throw new BundleError('the signature does not belong to this bundle', { hint: 'do not use it' });
}

function verifies(signed: Buffer, signature: Buffer, { type, key, curveBytes }: SshKey): boolean {
  const reader = new SshReader(signature, 'the signature of the bundle');
  const kind = reader.text();
  const bytes = reader.string();
  reader.end();
  if (type === 'ssh-ed25519') return kind === type && verify(null, signed, key, bytes);
  if (type === 'ssh-rsa') {
    // Its first kind, with SHA-1, is not to be trusted any more.
    const digest = /^rsa-sha2-(256|512)$/.exec(kind)?.[1];
    return digest !== undefined && verify(`sha${digest}`, signed, key, bytes);
  }
  const digest = { 32: 'sha256', 48: 'sha384' }[curveBytes] ?? 'sha512';
  return kind === type && verify(digest, signed, { key, dsaEncoding: 'ieee-p1363' }, fixedNumbers(bytes, curveBytes));
}

/** The two numbers of an ECDSA signature, each as long as the curve has it. */
function fixedNumbers(bytes: Buffer, length: number): Buffer {
  const reader = new SshReader(bytes, 'the signature of the bundle');
  const both = [reader.string(), reader.string()].map((number) => {
    const plain = unsigned(number);
    return Buffer.concat([Buffer.alloc(Math.max(0, length - plain.length)), plain]);
  });
  reader.end();
  return Buffer.concat(both);
}
