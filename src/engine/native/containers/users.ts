// Who a container's process runs as: `USER` texts against the image's own /etc/passwd and /etc/group. Pure.

export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  /** The primary one among them, as in Docker: otherwise a process could leave it, and what is refused to the group would be open to it. */
  readonly additionalGids: readonly number[];
  /** Home directory; `/` where passwd has no entry. */
  readonly home: string;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}
interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

const MAX_ID = 2 ** 31 - 1;

/**
 * Resolves `user`, `uid`, `user:group`, … as Docker does. Throws with Docker's words where a name is not in the image's
 * files. `groupAdd` are further group names or ids.
 */
export function resolveUser(text: string, passwd: string, group: string, groupAdd: readonly string[]): ProcessUser {
  const users = parsePasswd(passwd);
  const groups = parseGroup(group);
  const [userText = '', groupText = ''] = text.split(':', 2);
  const entry = findUser(users, userText);
  const uid = entry?.uid ?? numericId(userText);
  if (uid === undefined) throw new Error(`unable to find user ${userText}: no matching entries in passwd file`);
  const gid = groupText === '' ? (entry?.gid ?? 0) : groupId(groups, groupText);
  const name = entry?.name ?? '';
  const memberships = groupText === '' ? groups.filter((g) => name !== '' && g.members.includes(name)) : [];
  const extra = groupAdd.map((g) => groupId(groups, g));
  const additionalGids = [...new Set([gid, ...memberships.map((g) => g.gid), ...extra])];
  return { uid, gid, additionalGids, home: entry?.home || '/' };
}

function findUser(users: readonly PasswdEntry[], text: string): PasswdEntry | undefined {
  const byName = users.find((user) => user.name === (text === '' ? 'root' : text));
  if (byName) return byName;
  const id = text === '' ? 0 : numericId(text);
  const byId = users.find((user) => user.uid === id);
  return byId ?? (text === '' ? { name: 'root', uid: 0, gid: 0, home: '/root' } : undefined);
}

function groupId(groups: readonly GroupEntry[], text: string): number {
  const id = groups.find((group) => group.name === text)?.gid ?? numericId(text);
  if (id === undefined) throw new Error(`unable to find group ${text}: no matching entries in group file`);
  return id;
}

function numericId(text: string): number | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const id = Number(text);
  if (id < 0 || id > MAX_ID) throw new Error(`uids and gids must be in range 0-${MAX_ID}`);
  return id;
}

const lines = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));

const parsePasswd = (text: string): PasswdEntry[] =>
  lines(text).map(([name = '', , uid = '', gid = '', , home = '']) => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
    home,
  }));

const parseGroup = (text: string): GroupEntry[] =>
  lines(text).map(([name = '', , gid = '', members = '']) => ({
    name,
    gid: Number(gid),
    members: members.split(',').filter((member) => member !== ''),
  }));
