// Mounts, configs and secrets of a service → volumes of its pod, and claims for named volumes.
import { basename } from 'node:path/posix';
import type { FileReference, Mount, Project, Service, Volume } from '../model.ts';
import { KOMPOSE, komposeLabel } from './kompose.ts';
import type { Fields, Resource } from './manifest.ts';
import { dnsName, projectLabels } from './names.ts';

/** What Kompose asks for where nothing is said. */
const DEFAULT_SIZE = '100Mi';

export interface PodStorage {
  readonly mounts: readonly Fields[];
  readonly volumes: readonly Fields[];
}

interface Place {
  readonly target: string;
  readonly volume: Fields;
  readonly mount?: Fields;
  readonly readOnly?: boolean;
}

export function podStorage(project: Project, service: Service): PodStorage {
  const places: Place[] = [
    ...(service.volumes ?? []).map((mount) => mountPlace(project, mount)),
    ...(service.tmpfs ?? []).map(tmpfsPlace),
    ...(service.shm_size === undefined ? [] : [memoryPlace('/dev/shm', service.shm_size)]),
    ...(service.configs ?? []).map((reference) => configPlace(project, reference)),
    ...(service.secrets ?? []).map((reference) => secretPlace(project, reference)),
  ];
  const volumes = new Map<string, Fields>();
  const mounts = places.map(({ target, volume, mount = {}, readOnly }) => {
    // A claim that is mounted twice is one volume of the pod.
    const known = [...volumes].find(([, other]) => JSON.stringify(other) === JSON.stringify(volume))?.[0];
    const name = known ?? freeName(dnsName(target), volumes);
    volumes.set(name, volume);
    return { name, mountPath: target, ...mount, ...(readOnly ? { readOnly: true } : {}) };
  });
  return { mounts, volumes: [...volumes].map(([name, source]) => ({ name, ...source })) };
}

function freeName(wanted: string, taken: ReadonlyMap<string, unknown>): string {
  for (let index = 1; ; index++) {
    const name = index === 1 ? wanted : `${wanted.slice(0, 60)}-${index}`;
    if (!taken.has(name)) return name;
  }
}

function mountPlace(project: Project, mount: Mount): Place {
  const { type, source, target = '', read_only: readOnly = false } = mount;
  const place = { target, readOnly };
  if (type === 'bind') return { ...place, volume: { hostPath: { path: source, ...hostPathType(mount) } } };
  if (type === 'tmpfs') return memoryPlace(target, mount.tmpfs?.size);
  if (type === 'image')
    return { ...place, readOnly: true, volume: { image: { reference: source } }, ...subPath(mount.image?.subpath) };
  if (source === undefined) return { ...place, volume: { emptyDir: {} } };
  const claimName = claimOf(source, project.volumes[source]);
  return { ...place, volume: { persistentVolumeClaim: { claimName } }, ...subPath(mount.volume?.subpath) };
}

const subPath = (path: string | undefined) => (path === undefined ? {} : { mount: { subPath: path } });
const hostPathType = ({ bind }: Mount) => (bind?.create_host_path === true ? { type: 'DirectoryOrCreate' } : {});

/** `/run:size=64m,mode=1777` */
function tmpfsPlace(text: string): Place {
  const [target = '', options = ''] = text.split(':');
  return memoryPlace(target, /(?:^|,)size=(\d+)([kmg]?)/i.exec(options)?.slice(1).join('').toLowerCase());
}

/** `64m` is Compose's; Kubernetes would read milli. */
const memoryPlace = (target: string, size: string | undefined): Place => ({
  target,
  volume: { emptyDir: { medium: 'Memory', ...(size === undefined ? {} : { sizeLimit: quantity(size) }) } },
});
const quantity = (size: string): string =>
  size.replace(/([kmg])$/, (unit) => `${unit === 'k' ? 'K' : unit.toUpperCase()}i`);

/** One config map holds all configs, under their keys; one of the cluster has the config's name for a key. */
function configPlace(project: Project, reference: FileReference): Place {
  const { source, target = `/${source}` } = reference;
  const external = project.configs[source]?.external === true;
  const key = external ? (project.configs[source]?.name ?? source) : source;
  const name = external ? dnsName(key) : dnsName(project.name);
  return filePlace(target, key, { configMap: { name, items: itemsFor(key, reference) } });
}

function secretPlace(project: Project, reference: FileReference): Place {
  const { source, target = `/run/secrets/${source}` } = reference;
  const path = target.startsWith('/') ? target : `/run/secrets/${target}`;
  const declared = project.secrets[source];
  const secretName = dnsName(declared?.external === true ? declared.name : source);
  return filePlace(path, source, { secret: { secretName, items: itemsFor(source, reference) } });
}

const filePlace = (target: string, key: string, volume: Fields): Place => ({
  target,
  volume,
  mount: { subPath: key },
  readOnly: true,
});

/** File modes are octal in Compose and decimal in Kubernetes' JSON; YAML is given the number. */
const itemsFor = (key: string, { mode }: FileReference) => [
  { key, path: key, ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }) },
];

const claimOf = (key: string, volume: Volume | undefined): string =>
  dnsName(volume?.external === true ? volume.name : key);

/** Claims for the named volumes that services use; those of the cluster are there already. */
export function claims(project: Project): Resource[] {
  return Object.entries(project.volumes).flatMap(([key, volume]) => {
    const uses = Object.values(project.services).flatMap((service) =>
      (service.volumes ?? [])
        .filter(({ type, source }) => type === 'volume' && source === key)
        .map((mount) => ({ service, mount })),
    );
    if (uses.length === 0 || volume.external === true) return [];
    const replicas = uses.reduce((sum, { service }) => sum + (service.deploy?.replicas ?? service.scale ?? 1), 0);
    const readOnly = uses.every(({ mount }) => mount.read_only === true);
    const storageClassName = komposeLabel(volume, KOMPOSE.volumeClass);
    const content = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: claimOf(key, volume), namespace: dnsName(project.name), labels: projectLabels(project.name) },
      spec: {
        accessModes: [readOnly ? 'ReadOnlyMany' : replicas > 1 ? 'ReadWriteMany' : 'ReadWriteOnce'],
        ...(storageClassName === undefined ? {} : { storageClassName }),
        resources: { requests: { storage: komposeLabel(volume, KOMPOSE.volumeSize) ?? DEFAULT_SIZE } },
      },
    };
    return [{ path: `base/${basename(key)}-persistentVolumeClaim.yaml`, content }];
  });
}
