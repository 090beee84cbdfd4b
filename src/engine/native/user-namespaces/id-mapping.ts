// Which ids of the host stand for the ids inside a user namespace. Pure.

/** A row of ids: `size` of them, from `inside` in the namespace and from `host` on the host. */
export interface IdRange {
  readonly inside: number;
  readonly host: number;
  readonly size: number;
}

/** What a container's users and groups are on the host. */
export interface IdMapping {
  readonly users: readonly IdRange[];
  readonly groups: readonly IdRange[];
}

export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** Who the kernel shows for an id that has no counterpart. */
const NOBODY = 65534;

/** The id on the host; undefined for one that the ranges do not have. */
const onHost = (ranges: readonly IdRange[], id: number): number | undefined => {
  const range = ranges.find(({ inside, size }) => id >= inside && id < inside + size);
  return range && range.host + (id - range.inside);
};

const within = (ranges: readonly IdRange[], id: number): number => {
  const range = ranges.find(({ host, size }) => id >= host && id < host + size);
  return range ? range.inside + (id - range.host) : NOBODY;
};

/** Ids of a container as the host has them; the same where nothing is mapped. Throws for ids that the mapping lacks. */
export function hostIds(mapping: IdMapping | undefined, { uid, gid }: Ids): Ids {
  if (mapping === undefined) return { uid, gid };
  const [user, group] = [onHost(mapping.users, uid), onHost(mapping.groups, gid)];
  if (user === undefined) throw new Error(`Container ID ${uid} cannot be mapped to a host ID`);
  if (group === undefined) throw new Error(`Container ID ${gid} cannot be mapped to a host ID`);
  return { uid: user, gid: group };
}

/** Ids of the host as the container sees them: those that it does not have are nobody's, as the kernel shows them. */
export const containerIds = (mapping: IdMapping | undefined, { uid, gid }: Ids): Ids =>
  mapping === undefined ? { uid, gid } : { uid: within(mapping.users, uid), gid: within(mapping.groups, gid) };

/** Root of the container on the host. */
export const rootIds = (mapping: IdMapping | undefined): Ids => hostIds(mapping, { uid: 0, gid: 0 });

/** Ranges as the kernel takes them in `uid_map` and `gid_map`. */
export const mapText = (ranges: readonly IdRange[]): string =>
  ranges.map(({ inside, host, size }) => `${inside} ${host} ${size}\n`).join('');

/** The highest id that a row of ranges has inside. */
export const highestId = (ranges: readonly IdRange[]): number =>
  Math.max(...ranges.map(({ inside, size }) => inside + size - 1));
