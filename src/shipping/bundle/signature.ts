// Signatures in minisign's format (https://jedisct1.github.io/minisign/): ed25519 over the BLAKE2b-512 digest of bundle.json, whose
// own digests cover the rest. Deterministic: signing again gives the same bytes. Pure but for the cryptography.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, scryptSync, sign, verify } from 'node:crypto';
import { BundleError } from './bundle-error.ts';

const [ED25519, PREHASHED] = ['Ed', 'ED'];
/** What stands before the 32 bytes of a key in DER. */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export interface SigningKey {
  /** Eight bytes by which a signature names its key. */
  readonly id: Buffer;
  readonly key: KeyObject;
}

/** A public key: the file of `minisign -G`, or its second line alone. Throws BundleError. */
export function readPublicKey(text: string): SigningKey {
  const bytes = Buffer.from(lastLine(text), 'base64');
  if (bytes.length !== 42 || bytes.toString('latin1', 0, 2) !== ED25519)
    throw new BundleError('this is no public key of minisign', { hint: 'make a pair of keys with "minisign -G"' });
  return { id: bytes.subarray(2, 10), key: publicKey(bytes.subarray(10)) };
}

/** A secret key of `minisign -G`. `password` undefined = it has none. Throws BundleError. */
export function readSecretKey(text: string, password: string | undefined): SigningKey {
  const bytes = Buffer.from(lastLine(text), 'base64');
  const kind = bytes.toString('latin1', 0, 2);
  if (bytes.length !== 158 || kind !== ED25519)
    throw new BundleError('this is no secret key of minisign', { hint: 'make a pair of keys with "minisign -G"' });
  const isLocked = bytes.toString('latin1', 2, 4) === 'Sc';
  if (isLocked && password === undefined)
    throw new BundleError('the secret key is locked with a password', {
      hint: 'set WINDLASS_SIGNING_PASSWORD, or use a key without one ("minisign -G -W")',
    });
  const held = bytes.subarray(54);
  const plain = isLocked ? unlocked(held, password ?? '', bytes) : held;
  const [id, seed, own] = [plain.subarray(0, 8), plain.subarray(8, 40), plain.subarray(40, 72)];
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const derived = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_PREFIX.length);
  if (!derived.equals(own))
    throw new BundleError(isLocked ? 'the password of the secret key is another one' : 'the secret key is damaged');
  return { id, key };
}

/** libsodium's way from its two limits to the parameters of scrypt. */
function unlocked(held: Buffer, password: string, bytes: Buffer): Buffer {
  const [salt, ops, memory] = [bytes.subarray(6, 38), bytes.readBigUInt64LE(38), bytes.readBigUInt64LE(46)];
  if (memory > 1n << 31n) throw new BundleError('the secret key asks for too much memory to be unlocked');
  const limit = Math.max(Number(ops), 32_768);
  const byOps = limit < Number(memory) / 32;
  const most = byOps ? limit / 32 : Number(memory) / 1024;
  let log = 1;
  while (log < 63 && 2 ** log <= most / 2) log++;
  const p = byOps ? 1 : Math.floor(Math.min(Math.floor(limit / 4 / 2 ** log), 0x3fffffff) / 8);
  const options = { N: 2 ** log, r: 8, p, maxmem: Number(memory) + 2 ** 26 };
  const stream = scryptSync(password, salt, held.length, options);
  return held.map((byte, index) => byte ^ (stream[index] ?? 0)) as Buffer;
}

/** The signature file for a text. `comment` is signed too. */
export function signText(text: string, { id, key }: SigningKey, comment: string): string {
  const signature = sign(null, digestOf(text), key);
  const over = sign(null, Buffer.concat([signature, Buffer.from(comment)]), key);
  const blob = Buffer.concat([Buffer.from(PREHASHED), id, signature]);
  return [
    'untrusted comment: signature of bundle.json',
    blob.toString('base64'),
    `trusted comment: ${comment}`,
    over.toString('base64'),
    '',
  ].join('\n');
}

/** Checks a signature file. Throws BundleError where it is not this key's, or not of this text. */
export function checkSignature(text: string, signatureFile: string, trusted: SigningKey): void {
  const [, first = '', comment = '', second = ''] = signatureFile.split('\n');
  const blob = Buffer.from(first, 'base64');
  const over = Buffer.from(second, 'base64');
  const kind = blob.toString('latin1', 0, 2);
  if (blob.length !== 74 || over.length !== 64 || !comment.startsWith('trusted comment: '))
    throw new BundleError('the signature of the bundle is damaged');
  if (!blob.subarray(2, 10).equals(trusted.id))
    throw new BundleError('the bundle is signed with another key', { hint: 'ask whoever made it for its public key' });
  const signature = blob.subarray(10);
  const message = kind === PREHASHED ? digestOf(text) : Buffer.from(text);
  const signedComment = Buffer.concat([signature, Buffer.from(comment.slice('trusted comment: '.length))]);
  if (!verify(null, message, trusted.key, signature) || !verify(null, signedComment, trusted.key, over))
    throw new BundleError('the signature does not belong to this bundle', { hint: 'do not use it' });
}

const digestOf = (text: string): Buffer => createHash('blake2b512').update(text).digest();

const publicKey = (bytes: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, bytes]), format: 'der', type: 'spki' });

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.trim() ?? '';
