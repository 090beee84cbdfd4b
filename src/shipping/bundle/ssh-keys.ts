// Public keys in SSH's format: a `.pub` file, or a file of allowed signers (ssh-keygen(1), ALLOWED SIGNERS). Pure.
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { BundleError } from './bundle-error.ts';
import { SshReader } from './ssh-wire.ts';

/** What signatures of bundles are for, so that one made for something else does not pass: `ssh-keygen -Y sign -n …`. */
export const SSH_NAMESPACE = 'windlass-bundle';

const KEY = /(?:^|\s)((?:ssh|ecdsa|sk)-[a-z0-9@.-]+)\s+(AAAA[A-Za-z0-9+/]+={0,2})(?:\s|$)/;
const CURVES: Readonly<Record<string, { readonly crv: string; readonly bytes: number }>> = {
  'ecdsa-sha2-nistp256': { crv: 'P-256', bytes: 32 },
  'ecdsa-sha2-nistp384': { crv: 'P-384', bytes: 48 },
  'ecdsa-sha2-nistp521': { crv: 'P-521', bytes: 66 },
};

/** Whether a text is, or holds, public keys of SSH. */
export const isSshKeys = (text: string): boolean => lines(text).some((line) => KEY.test(line));

/** The keys that may sign bundles at a time, as they stand in signatures. Throws BundleError where there is none. */
export function readSshKeys(text: string, now: Date): Buffer[] {
  const keys = lines(text).flatMap((line) => {
    const found = KEY.exec(line);
    const mayUse = found !== null && allows(line.slice(0, found.index), now);
    return mayUse ? [Buffer.from(found[2] ?? '', 'base64')] : [];
  });
  if (keys.length === 0)
    throw new BundleError(`none of the allowed signers may sign for "${SSH_NAMESPACE}" today`, {
      hint: 'see "namespaces", "valid-after" and "valid-before" in the file; authorities for certificates do not count here',
    });
  return keys;
}

const lines = (text: string): string[] => text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));

/** What stands before the key: names, and options after them. In a `.pub` file it is empty. */
function allows(before: string, now: Date): boolean {
  const options = /^\s*(?:"[^"]*"|\S+)\s*(.*)$/.exec(before)?.[1] ?? '';
  const value = (name: string): string | undefined => new RegExp(`(?:^|,)${name}="([^"]*)"`, 'i').exec(options)?.[1];
  if (/(?:^|,)cert-authority(?:,|$)/i.test(options)) return false;
  const [namespaces, after, until] = [value('namespaces'), value('valid-after'), value('valid-before')];
  if (namespaces !== undefined && !matchesList(namespaces)) return false;
  return !(after !== undefined && now < timeOf(after)) && !(until !== undefined && now > timeOf(until));
}

/** A list of patterns with `*` and `?`, where one after `!` takes back what others allow. */
function matchesList(list: string): boolean {
  const matching = list.split(',').filter((one) => {
    const pattern = one.replace(/^!/, '').replace(/[.+^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(SSH_NAMESPACE);
  });
  return matching.length > 0 && !matching.some((one) => one.startsWith('!'));
}

/** `YYYYMMDD[HHMM[SS]][Z]`, local time without the Z. Throws BundleError. */
function timeOf(text: string): Date {
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = ''] =
    /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/.exec(text) ?? [];
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  if (Number.isNaN(time.getTime()))
    throw new BundleError(`"${text}" among the allowed signers is no time`, { hint: 'write YYYYMMDD[HHMM[SS]][Z]' });
  return time;
}

export interface SshKey {
  /** `ssh-ed25519` */
  readonly type: string;
  readonly key: KeyObject;
  /** Bytes of a number in an ECDSA signature; 0 for other kinds. */
  readonly curveBytes: number;
}

/** Throws BundleError for a kind that is not known here. */
export function sshKey(blob: Buffer): SshKey {
  const reader = new SshReader(blob, 'the public key');
  const type = reader.text();
  const curve = CURVES[type];
  const number = (): string => reader.string().toString('base64url');
  const key = (jwk: JsonWebKey): SshKey => {
    reader.end();
    try {
      return { type, key: createPublicKey({ key: jwk, format: 'jwk' }), curveBytes: curve?.bytes ?? 0 };
    } catch (cause) {
      throw new BundleError('the public key is damaged', { cause });
    }
  };
  if (type === 'ssh-ed25519') return key({ kty: 'OKP', crv: 'Ed25519', x: number() });
  if (type === 'ssh-rsa') {
    const e = number();
    // A leading zero keeps SSH's numbers positive; JSON web keys have none.
    return key({ kty: 'RSA', e, n: unsigned(reader.string()).toString('base64url') });
  }
  if (curve === undefined)
    throw new BundleError(`signatures of "${type}" keys cannot be checked`, {
      hint: 'use an ed25519, ECDSA or RSA key, or check it with "ssh-keygen -Y verify"',
    });
  reader.string();
  const point = reader.string();
  const [x, y] = [point.subarray(1, 1 + curve.bytes), point.subarray(1 + curve.bytes)];
  return key({ kty: 'EC', crv: curve.crv, x: x.toString('base64url'), y: y.toString('base64url') });
}

export const unsigned = (number: Buffer): Buffer => (number[0] === 0 ? number.subarray(1) : number);
