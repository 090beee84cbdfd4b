// Every file and folder of the host that a project's configuration names. Pure.

import type { Project, Service } from '../../model.ts';
import { byBytes } from './manifest.ts';

export type PathUse = 'env-file' | 'label-file' | 'mount' | 'config' | 'secret' | 'context' | 'dockerfile' | 'profile';

export interface ReferencedPath {
  readonly use: PathUse;
  /** Who names it: `web`, or the key of a config, secret or volume. */
  readonly owner: string;
  readonly path: string;
}

/**
 * The paths as the project has them, in an order that depends on its services alone: the list of a project loaded without resolving
 * paths goes beside that of the same project with them resolved.
 */
export function referencedPaths(project: Project, options: { readonly contexts: boolean }): ReferencedPath[] {
  return [
    ...sorted(project.services).flatMap(([, service]) => pathsOfService(service, options.contexts)),
    ...sorted(project.configs).flatMap(([owner, { file }]) =>
      file ? [{ use: 'config', owner, path: file } as const] : [],
    ),
    ...sorted(project.secrets).flatMap(([owner, { file }]) =>
      file ? [{ use: 'secret', owner, path: file } as const] : [],
    ),
    ...sorted(project.volumes).flatMap(([owner, { driver_opts: opts = {} }]) =>
      opts.o === 'bind' && opts.device ? [{ use: 'mount', owner, path: opts.device } as const] : [],
    ),
  ];
}

function pathsOfService(service: Service, contexts: boolean): ReferencedPath[] {
  const of = (use: PathUse, path: string): ReferencedPath => ({ use, owner: service.name, path });
  return [
    ...(service.env_file ?? []).map(({ path }) => of('env-file', path)),
    ...(service.label_file ?? []).map((path) => of('label-file', path)),
    ...(service.volumes ?? []).flatMap(({ type, source }) => (type === 'bind' && source ? [of('mount', source)] : [])),
    ...(service.security_opt ?? []).flatMap((option) => {
      const path = /^seccomp[:=](?!unconfined$)(?!\{)(.+)$/.exec(option)?.[1];
      return path === undefined ? [] : [of('profile', path)];
    }),
    ...(service.credential_spec?.file ? [of('profile', service.credential_spec.file)] : []),
    ...(contexts ? pathsOfBuild(service).map(([use, path]) => of(use, path)) : []),
  ];
}

function pathsOfBuild({ build }: Service): [PathUse, string][] {
  if (build === undefined) return [];
  const { context = '.', dockerfile, additional_contexts: others = {} } = build;
  const local = [context, ...sorted(others).map(([, path]) => path)].filter((path) => !isElsewhere(path));
  return [
    ...local.map((path): [PathUse, string] => ['context', path]),
    // Most are in the context; one that is not has to be named.
    ...(dockerfile !== undefined && (dockerfile.startsWith('/') || dockerfile.startsWith('..')) && !isElsewhere(context)
      ? [['dockerfile', dockerfile.startsWith('/') ? dockerfile : `${context}/${dockerfile}`] as [PathUse, string]]
      : []),
  ];
}

/** Contexts that are no folder of this machine: repositories, images, other services. */
const isElsewhere = (context: string): boolean =>
  context.includes('://') || /^(service:|git@|github\.com\/|docker-image:|oci-layout:)/.test(context);

const sorted = <T>(record: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(record).sort(([a], [b]) => byBytes(a, b));
