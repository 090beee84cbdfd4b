// `--link` on the default network: a second name for a container, `<who links>/<alias>`, that goes with who made the link and
// follows its target through renames. (On networks of the user's own a link is a name that the resolver knows; what a linked
// container is told is in links.ts.)
import type { ContainerStore } from './store.ts';
import type { ContainerRecord, HostConfig } from './types.ts';

export interface Link {
  readonly target: string;
  readonly alias: string;
}

/** Whether links are all that gives names here. */
export const linksByName = ({ NetworkMode: mode = 'default' }: HostConfig): boolean =>
  ['', 'default', 'bridge'].includes(mode);

/** `target:alias`, or `target` for both; slashes in front mean nothing. Pure. */
export function parseLink(text: string): Link {
  const [target = '', alias = target] = text.split(':').map((part) => part.replace(/^\//, ''));
  return { target, alias };
}

/** The links of a container that is being made, by the ids of their targets: names change hands. */
export function withLinkIds(host: HostConfig, store: ContainerStore): HostConfig {
  if (!host.Links?.length || !linksByName(host)) return host;
  const links = host.Links.map(parseLink).map(({ target, alias }) => `${store.find(target).id}:${alias}`);
  return { ...host, Links: links };
}

/** Who a container's links lead to and what it calls them; links to containers that are gone are gone. */
export function targetsOf(
  record: ContainerRecord,
  store: ContainerStore,
): { target: ContainerRecord; alias: string }[] {
  if (!linksByName(record.hostConfig)) return [];
  return (record.hostConfig.Links ?? []).map(parseLink).flatMap(({ target, alias }) => {
    const found = store.lookup(target);
    return found ? [{ target: found, alias }] : [];
  });
}

/** What `HostConfig.Links` shows, as in Docker. */
export function shownLinks(record: ContainerRecord, store: ContainerStore): string[] | null {
  if (!record.hostConfig.Links?.length) return null;
  if (!linksByName(record.hostConfig)) return [...record.hostConfig.Links];
  const links = targetsOf(record, store).map(({ target, alias }) => `/${target.name}:/${record.name}/${alias}`);
  return links.length > 0 ? links : null;
}

/** Container id → the names that others' links give it. */
export function linkNames(store: ContainerStore): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const record of store.all())
    for (const { target, alias } of targetsOf(record, store))
      names.set(target.id, [...(names.get(target.id) ?? []), `/${record.name}/${alias}`]);
  return names;
}
