// `--chown` and `--chmod` of COPY and ADD.
import { readSmall } from '../containers/user-facts.ts';
import { resolveUser } from '../containers/users.ts';
import type { NativeHost } from '../host.ts';
import { badRequest } from '../server/api-error.ts';
import type { Owner } from './files/layer-writer.ts';

/** `user`, `user:group`, names or numbers, by the files of the root. Without a group it is the one of the same name or number. */
export async function resolveOwner(host: NativeHost, root: string | undefined, text: string): Promise<Owner> {
  const [user = '', group = user, ...more] = text.split(':');
  if (more.length > 0 || user === '') throw badRequest(`invalid chown string format: ${text}`);
  const numeric = /^\d+$/.test(user) && /^\d+$/.test(group);
  const read = async (path: string): Promise<string> =>
    numeric || root === undefined ? '' : readSmall(host, root, path);
  const [passwd, groups] = [await read('/etc/passwd'), await read('/etc/group')];
  try {
    const { uid, gid: own } = resolveUser(user, passwd, groups, []);
    if (text.includes(':')) return { uid, gid: resolveUser(`0:${group}`, passwd, groups, []).gid };
    return { uid, gid: /^\d+$/.test(user) ? uid : own };
  } catch (error) {
    throw badRequest(
      `unable to convert uid/gid chown string to host mapping: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** A mode from another one. */
export type ModeChange = (mode: number, isFolder: boolean) => number;

const CLAUSE = /^([ugoa]*)((?:[-+=][rwxXst]*)+)$/;
const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };

/** `755`, `0755`, or symbols: `u=rwX,go=rX`. Pure. */
export function parseMode(text: string): ModeChange {
  if (/^[0-7]{1,5}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    if (mode > 0o7777)
      throw badRequest(`invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`);
    return () => mode;
  }
  const clauses = text.split(',').map((clause) => {
    const [, who = '', actions = ''] = CLAUSE.exec(clause) ?? [];
    if (actions === '')
      throw badRequest(`invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`);
    const mask = [...(who === '' ? 'a' : who)].reduce((sum, letter) => sum | (WHO[letter] ?? 0), 0);
    return { mask, actions: [...actions.matchAll(/([-+=])([rwxXst]*)/g)] };
  });
  return (mode, isFolder) =>
    clauses.reduce(
      (current, { mask, actions }) =>
        actions.reduce((now, [, sign = '', letters = '']) => {
          const bits = permissionBits(letters, isFolder || (now & 0o111) !== 0) & mask;
          if (sign === '+') return now | bits;
          if (sign === '-') return now & ~bits;
          return (now & ~(mask & 0o777)) | bits;
        }, current),
      mode,
    );
}

function permissionBits(letters: string, executable: boolean): number {
  const bits: Readonly<Record<string, number>> = {
    ...{ r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000 },
    X: executable ? 0o111 : 0,
  };
  return [...letters].reduce((sum, letter) => sum | (bits[letter] ?? 0), 0);
}
