// References from one service to another's containers: shared namespaces and `volumes_from`. The file names services; the
// engine and the config hash know containers by id, so a reference is resolved as late as its container exists.
import type { Service } from '../model.ts';

const SERVICE = 'service:';
const CONTAINER = 'container:';

/** The keys whose `service:x` docker compose resolves. */
const NAMESPACES = ['network_mode', 'ipc', 'pid'] as const;

/** Services whose containers this one refers to, sorted. */
export function peersOf(service: Service): string[] {
  const names = new Set<string>();
  for (const key of NAMESPACES) {
    const mode = service[key];
    if (mode?.startsWith(SERVICE)) names.add(mode.slice(SERVICE.length));
  }
  for (const source of service.volumes_from ?? [])
    if (!source.startsWith(CONTAINER)) names.add(source.split(':')[0] ?? source);
  return [...names].sort();
}

/**
 * The service with ids in place of service names. `hash` gives the bytes docker compose hashes, in which `volumes_from`
 * has lost its access mode; `create` keeps the mode, so that `db:ro` is read-only (docker compose forgets it).
 */
export function resolvePeers(
  service: Service,
  ids: Readonly<Record<string, string>>,
  purpose: 'hash' | 'create',
): Service {
  const resolved: { -readonly [K in keyof Service]?: Service[K] } = {};
  for (const key of NAMESPACES) {
    const mode = service[key];
    if (!mode?.startsWith(SERVICE)) continue;
    const id = ids[mode.slice(SERVICE.length)];
    if (id !== undefined) resolved[key] = CONTAINER + id;
  }
  if (service.volumes_from !== undefined)
    resolved.volumes_from = service.volumes_from.map((source) => resolveSource(source, ids, purpose));
  return { ...service, ...resolved };
}

function resolveSource(source: string, ids: Readonly<Record<string, string>>, purpose: 'hash' | 'create'): string {
  const parts = source.startsWith(CONTAINER) ? source.slice(CONTAINER.length).split(':') : source.split(':');
  const [name = source, mode] = parts;
  const target = source.startsWith(CONTAINER) ? name : (ids[name] ?? name);
  return purpose === 'create' && mode !== undefined ? `${target}:${mode}` : target;
}
