// What the host's list of mounts says of a folder that is to be mounted: whether mounts can be passed on between the host and a
// container (the mount that the folder is on has to be of that kind itself), whether it is read-only, and whether there are others
// below it. Pure.

import { badRequest } from '../server/api-error.ts';

/** Whether a path is in the engine's own folder, or leads to it. */
export const aroundRoot = (source: string, root: string): boolean => {
  const below = (path: string, folder: string): boolean =>
    path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
  return below(source, root) || below(root, source);
};

/** A container that held mounts of the engine's own folder for itself would keep them in use when the engine takes them away. */
export const refusePrivate = (source: string, propagation: string, root: string): Error =>
  badRequest(
    `invalid mount config: must use either propagation mode "rslave" or "rshared" when mount source is within the daemon root, daemon root: "${root}", bind mount source: "${source}", propagation: "${propagation}"`,
  );

interface MountedAt {
  readonly point: string;
  readonly shared: boolean;
  readonly slave: boolean;
  readonly readOnly: boolean;
}

/** Whether the mount that a path is on is read-only. `mountinfo` is the text of /proc/self/mountinfo, here and below. */
export const isReadOnlyMount = (mountinfo: string, path: string): boolean =>
  mountOf(mountinfo, path)?.readOnly === true;

/** What is wrong, in Docker's words; undefined where nothing is. */
export function propagationFault(mountinfo: string, source: string, propagation: string): string | undefined {
  const wantsShared = /^r?shared$/.test(propagation);
  const wantsSlave = /^r?slave$/.test(propagation);
  if (!wantsShared && !wantsSlave) return undefined;
  const on = mountOf(mountinfo, source);
  if (on?.shared || (wantsSlave && on?.slave)) return undefined;
  return `path ${source} is mounted on ${on?.point ?? '/'} but it is not a ${wantsShared ? 'shared' : 'shared or slave'} mount`;
}

/** Whether something is mounted below a path, itself left out. */
export function hasMountsBelow(mountinfo: string, path: string): boolean {
  const inside = path === '/' ? '/' : `${path}/`;
  return mountinfo.split('\n').some((line) => {
    const point = unescaped(line.split(' ')[4] ?? '');
    return point !== path && point.startsWith(inside);
  });
}

const unescaped = (point: string): string =>
  point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** The innermost mount that a path is on; of several on one point the last covers the others. */
function mountOf(mountinfo: string, path: string): MountedAt | undefined {
  let found: MountedAt | undefined;
  for (const line of mountinfo.split('\n')) {
    // number parent device root point options [shared:1 master:2 …] - type source …
    const [, , , , escaped = '', options = '', ...rest] = line.split(' ');
    const point = unescaped(escaped);
    const covers = point !== '' && (path === point || path.startsWith(point === '/' ? '/' : `${point}/`));
    if (!covers || (found && point.length < found.point.length)) continue;
    const optional = rest.slice(0, rest.indexOf('-'));
    found = {
      point,
      shared: optional.some((field) => field.startsWith('shared:')),
      slave: optional.some((field) => field.startsWith('master:')),
      readOnly: options.split(',').includes('ro'),
    };
  }
  return found;
}
