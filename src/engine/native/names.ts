// Ids, generated names and timestamps of the engine. Pure but for chance.
import { randomBytes, randomInt } from 'node:crypto';

/** 64 hexadecimal digits. Twelve of them are never all decimal: a short id must not read as a number. */
export function newId(): string {
  for (;;) {
    const id = randomBytes(32).toString('hex');
    if (!/^\d+$/.test(id.slice(0, 12))) return id;
  }
}

const MANNERS =
  'brave calm clever eager fair gentle happy keen lively merry neat proud quick quiet ready steady swift warm wise witty';
const THINGS =
  'anchor beacon capstan compass cutter dinghy galley harbor jib keel ketch lantern mast oar rudder sail schooner sextant sloop tiller';

/** A name for a container that was given none: `steady_keel`. */
export function inventName(taken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt++) {
    const name = `${pick(MANNERS)}_${pick(THINGS)}${attempt > 3 ? randomInt(1_000_000) : ''}`;
    if (!taken(name)) return name;
  }
}

const pick = (words: string): string => {
  const list = words.split(' ');
  return list[randomInt(list.length)] ?? '';
};

/** What Docker accepts as a container's name. */
export const isValidName = (name: string): boolean => /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name);

/** Now, as RFC 3339 with nanoseconds (of which the clock tells milliseconds). */
export const timestamp = (milliseconds = Date.now()): string =>
  new Date(milliseconds).toISOString().replace(/(\.\d{3})Z$/, '$1000000Z');
