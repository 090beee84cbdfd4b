// The setting `userns-remap` → the ids that containers have on the host. Whose ids they are is said as in Docker: `user`, `user:group`,
// numbers for either, or `default` for a user that is made for it.
import { WindlassError } from '../../../errors.ts';
import { type NativeHost, readIfExists, runChecked } from '../host.ts';
import { findProgram } from '../programs.ts';
import type { IdMapping } from './id-mapping.ts';
import { freeRange, RANGE_SIZE, rangesOf } from './subordinate-ids.ts';

/** Stands for DEFAULT_USER. */
export const DEFAULT = 'default';

/** Has the ids of remapped containers, and nothing else. */
export const DEFAULT_USER = 'windlass-remap';

const SUBUID = '/etc/subuid';
const SUBGID = '/etc/subgid';

interface Account {
  readonly name: string;
  readonly uid: number;
}

/** @throws WindlassError that says what to do where the user, the group or their subordinate ids are missing. */
export async function remapping(host: NativeHost, setting: string): Promise<IdMapping> {
  const [user = '', group, ...more] = setting.split(':');
  if (user === '' || group === '' || more.length > 0)
    throw refusal(`"${setting}" is no user`, 'write "default", a user, user:group, or numbers for either');
  const account = await accountNamed(host, user);
  if (account.uid === 0)
    throw refusal('root cannot be remapped to itself', 'name another user, or "default" for one that is made for it');
  if (group !== undefined) await requireGroup(host, group);
  else if (user !== DEFAULT) await requireGroup(host, user);
  const read = async (): Promise<IdMapping> => ({
    users: rangesOf(await textOf(host, SUBUID), account),
    groups: rangesOf(await textOf(host, SUBGID), account),
  });
  const found = await read();
  if (isWhole(found)) return found;
  const grant = await grantFor(host, found, account);
  if (user === DEFAULT) await administer(host, grant);
  const mapping = await read();
  if (isWhole(mapping)) return mapping;
  const missing = [...(mapping.users.length > 0 ? [] : [SUBUID]), ...(mapping.groups.length > 0 ? [] : [SUBGID])];
  throw refusal(`"${account.name}" has no subordinate ids in ${missing.join(' and ')}`, grant.join(' '));
}

const isWhole = ({ users, groups }: IdMapping): boolean => users.length > 0 && groups.length > 0;

async function accountNamed(host: NativeHost, user: string): Promise<Account> {
  const name = user === DEFAULT ? DEFAULT_USER : user;
  const found = await lookUp(host, 'passwd', name);
  if (found) return found;
  const add = ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name];
  if (user !== DEFAULT) throw refusal(`there is no user "${user}"`, /^\d+$/.test(user) ? 'name one' : add.join(' '));
  await administer(host, add);
  const made = await lookUp(host, 'passwd', name);
  if (!made) throw refusal(`the user "${name}" was made, but is not there`, `look at "getent passwd ${name}"`);
  return made;
}

async function requireGroup(host: NativeHost, group: string): Promise<void> {
  if (!(await lookUp(host, 'group', group)))
    throw refusal(`there is no group "${group}"`, /^\d+$/.test(group) ? 'name one' : `groupadd --system ${group}`);
}

/** By name or number, from wherever this machine knows its users. */
async function lookUp(host: NativeHost, table: 'passwd' | 'group', key: string): Promise<Account | undefined> {
  const { exitCode, stdout } = await host.run('getent', [table, '--', key]);
  const [name, , id] = stdout.split('\n', 1)[0]?.split(':') ?? [];
  return exitCode === 0 && name && id !== undefined ? { name, uid: Number(id) } : undefined;
}

/** The command that gives a user the ids it lacks. */
async function grantFor(host: NativeHost, { users, groups }: IdMapping, { name }: Account): Promise<string[]> {
  const range = async (file: string): Promise<string> => {
    const first = freeRange(await textOf(host, file));
    return `${first}-${first + RANGE_SIZE - 1}`;
  };
  return [
    'usermod',
    ...(users.length > 0 ? [] : ['--add-subuids', await range(SUBUID)]),
    ...(groups.length > 0 ? [] : ['--add-subgids', await range(SUBGID)]),
    name,
  ];
}

async function administer(host: NativeHost, [program = '', ...args]: readonly string[]): Promise<void> {
  if ((await findProgram(host.files, program)) === undefined)
    throw refusal(
      `${program} is not installed, and "${DEFAULT}" needs it to make the user "${DEFAULT_USER}"`,
      'apt-get install passwd, or name a user that has ids in /etc/subuid and /etc/subgid',
    );
  await runChecked(host, program, args);
}

const textOf = async (host: NativeHost, file: string): Promise<string> => (await readIfExists(host.files, file)) ?? '';

const refusal = (reason: string, hint: string): WindlassError =>
  new WindlassError('USER_NAMESPACES', `users cannot be remapped: ${reason}`, { hint });
