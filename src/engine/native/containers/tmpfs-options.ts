// Options of memory mounted as a file system, as a client may write them. Pure.
import { badRequest } from '../server/api-error.ts';

/** What mount(8) takes for every file system, less what makes another mount of it. */
const FLAGS = new Set(
  (
    'defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync mand nomand atime noatime diratime nodiratime ' +
    'relatime norelatime strictatime nostrictatime private rprivate shared rshared slave rslave unbindable runbindable'
  ).split(' '),
);
const VALUES = new Set(['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol']);

/** Docker's three stand unless their opposite is asked for. Throws Docker's refusal of what is no option. */
export function tmpfsOptions(asked: readonly string[]): string[] {
  for (const word of asked) {
    const [name = '', value] = word.split('=', 2);
    if (value === undefined ? !FLAGS.has(word) : !VALUES.has(name) || value === '')
      throw badRequest(`invalid tmpfs option [${JSON.stringify(word)}]`);
  }
  const own = ['nosuid', 'nodev', 'noexec'].filter((word) => !asked.includes(word) && !asked.includes(word.slice(2)));
  return [...own, ...asked.filter((word) => word !== 'defaults')];
}
