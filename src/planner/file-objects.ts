// How a service gets its configs and secrets: files of the host are mounted read-only; texts, and files that are to have another
// owner or mode than on the host, are copied into the container.
import { statSync } from 'node:fs';
import { WindlassError } from '../errors.ts';
import type { FileObject, FileReference, Project, Service } from '../model.ts';

export type FileKind = 'secret' | 'config';

/** One config or secret at the place where a service wants it. */
export interface FileUse {
  readonly kind: FileKind;
  readonly object: FileObject;
  readonly reference: FileReference;
  /** Absolute path inside the container. */
  readonly target: string;
}

/** A file to be put into a container before it starts. */
export interface CopiedFile {
  readonly target: string;
  /** Its text, or the file of the host that has its contents. */
  readonly source: { readonly text: string } | { readonly file: string };
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** The owner was given, and must be kept by the engine. */
  readonly owned: boolean;
}

const DIRECTORY = { secret: '/run/secrets/', config: '/' } as const;

/** Every config and secret of a service; rejects what docker compose rejects: external ones and drivers. */
export function fileUses(project: Project, service: Service): readonly FileUse[] {
  return [
    ...(service.secrets ?? []).map((reference) => fileUse('secret', project.secrets, service, reference)),
    ...(service.configs ?? []).map((reference) => fileUse('config', project.configs, service, reference)),
  ];
}

function fileUse(kind: FileKind, declared: Project['secrets'], service: Service, reference: FileReference): FileUse {
  const object = declared[reference.source];
  if (object === undefined)
    throw refused(`service "${service.name}" refers to undefined ${kind} "${reference.source}"`);
  if (object.external === true)
    throw refused(`unsupported external ${kind} "${object.name}"`, `give the ${kind} a file, content or environment`);
  if (object.driver !== undefined) throw refused(`${kind} "${reference.source}": "driver" is not supported`);
  if (object.template_driver !== undefined)
    throw refused(`${kind} "${reference.source}": "template_driver" is not supported`);
  const target = reference.target ?? reference.source;
  return { kind, object, reference, target: target.startsWith('/') ? target : DIRECTORY[kind] + target };
}

const refused = (message: string, hint?: string): WindlassError =>
  new WindlassError('PLAN_UNSUPPORTED', message, hint === undefined ? {} : { hint });

const OWN_SETTINGS = ['uid', 'gid', 'mode'] as const;
const settingsOf = ({ reference }: FileUse) => OWN_SETTINGS.filter((key) => reference[key] !== undefined);

/** A mount shows the host's owner and mode. Folders, and files of a container that cannot be written to, can only be mounted. */
const isMounted = (service: Service, use: FileUse): boolean =>
  use.object.file !== undefined &&
  (settingsOf(use).length === 0 || service.read_only === true || isDirectory(use.object.file));

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Files of the host to mount; a volume of the service at the same place wins. */
export function mountedFiles(
  project: Project,
  service: Service,
): readonly { readonly source: string; readonly target: string; readonly kind: FileKind }[] {
  const taken = new Set((service.volumes ?? []).map(({ target }) => target));
  const mounts = new Map<string, FileUse>();
  for (const use of fileUses(project, service))
    if (isMounted(service, use) && !taken.has(use.target) && !mounts.has(use.target)) mounts.set(use.target, use);
  return [...mounts].map(([target, { object, kind }]) => ({ source: object.file ?? '', target, kind }));
}

/** What a service asks of mounted files that a mount cannot give. */
export function ignoredSettings(project: Project, service: Service): readonly string[] {
  return fileUses(project, service)
    .filter((use) => isMounted(service, use) && settingsOf(use).length > 0)
    .map((use) => {
      const settings = settingsOf(use)
        .map((key) => `"${key}"`)
        .join(', ');
      const why = service.read_only === true ? 'the service is read-only' : 'it is a folder';
      return `service "${service.name}": ${settings} of ${use.kind} "${use.reference.source}" ignored: ${why}, so it is mounted as it is`;
    });
}

/** What to copy into the container before each start; where a volume of the service is, it wins over a file of the host. */
export function copiedFiles(project: Project, service: Service): readonly CopiedFile[] {
  const taken = new Set((service.volumes ?? []).map(({ target }) => target));
  const uses = fileUses(project, service).filter(
    (use) => !isMounted(service, use) && !(use.object.file !== undefined && taken.has(use.target)),
  );
  const [first] = uses;
  if (first !== undefined && service.read_only === true)
    throw refused(
      `cannot create ${first.kind} "${first.reference.source}" in read-only service "${service.name}"`,
      'use "file", the only source that works with "read_only"',
    );
  return uses.map((use) => ({
    target: use.target,
    source: use.object.file === undefined ? { text: contentOf(project, use) } : { file: use.object.file },
    mode: use.reference.mode === undefined ? 0o444 : Number.parseInt(use.reference.mode, 8),
    uid: numberOf(use, 'uid'),
    gid: numberOf(use, 'gid'),
    owned: use.reference.uid !== undefined || use.reference.gid !== undefined,
  }));
}

/** The text of a config or secret that is not a file. */
export function contentOf(project: Project, { object, kind, reference }: FileUse): string {
  const text = object.content ?? (object.environment === undefined ? '' : project.environment[object.environment]);
  if (text === undefined)
    throw new WindlassError(
      'PLAN_UNSET_VARIABLE',
      `environment variable "${object.environment}" required by ${kind} "${reference.source}" is not set`,
    );
  return text;
}

function numberOf({ reference, kind }: FileUse, key: 'uid' | 'gid'): number {
  const text = reference[key] ?? '0';
  if (!/^\d+$/.test(text)) throw refused(`${kind} "${reference.source}": ${key} "${text}" is not a number`);
  return Number(text);
}
