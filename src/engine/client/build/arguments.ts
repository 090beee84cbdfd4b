// A build request → arguments and environment of `docker buildx build`. Pure.
import { resolve } from 'node:path';
import type { BuildRequest } from '../../engine.ts';
import { isRemoteContext } from './context.ts';

export interface BuildxCall {
  readonly args: readonly string[];
  /** Values that must not be seen in the process list: build arguments and secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Standard input: an inline Dockerfile. */
  readonly input: string | undefined;
}

/** Variables that buildx itself or the system reads: a build argument of that name is passed by value. */
const OWN_VARIABLES =
  /^(PATH|HOME|USER|TMPDIR|LANG|LC_|LD_|DOCKER_|BUILDX_|BUILDKIT_|SSH_|XDG_|COMPOSE_|OTEL_|GIT_|SOURCE_DATE_EPOCH$)/i;

/** The call for one service. `idFile` is where buildx writes the image's id. */
export function buildxCall(request: BuildRequest, idFile: string): BuildxCall {
  const { build } = request;
  const environment: Record<string, string> = {};
  const args = ['build', '--progress', request.quiet ? 'quiet' : 'plain', '--iidfile', idFile];
  const flag = (name: string, value: string | number | undefined): void => {
    if (value !== undefined && value !== '') args.push(`--${name}`, String(value));
  };
  const each = (name: string, values: readonly string[] | undefined): void => {
    for (const value of values ?? []) flag(name, value);
  };
  const on = (name: string, condition: boolean | undefined): void => {
    if (condition === true) args.push(`--${name}`);
  };
  each('tag', [...new Set(request.tags)]);
  for (const [key, value] of Object.entries(request.args)) {
    if (OWN_VARIABLES.test(key)) flag('build-arg', `${key}=${value}`);
    else {
      environment[key] = value;
      flag('build-arg', key);
    }
  }
  each(
    'label',
    Object.entries({ ...build.labels, ...request.labels }).map(([key, value]) => `${key}=${value}`),
  );
  each('platform', request.platforms.length === 0 ? [] : [request.platforms.join(',')]);
  flag('target', build.target);
  flag('network', build.network);
  flag('shm-size', build.shm_size);
  flag('memory', request.memory);
  flag('builder', request.builder);
  flag('provenance', request.provenance);
  flag('sbom', request.sbom);
  each(
    'add-host',
    build.extra_hosts?.map((entry) => entry.replace('=', ':')),
  );
  each('cache-from', build.cache_from);
  each('cache-to', build.cache_to);
  each('ssh', request.ssh);
  each(
    'build-context',
    Object.entries(build.additional_contexts ?? {}).map(([name, at]) => `${name}=${at}`),
  );
  each('allow', [...(build.entitlements ?? []), ...(build.privileged === true ? ['security.insecure'] : [])]);
  each('no-cache-filter', build.no_cache_filter);
  each('ulimit', ulimits(build.ulimits));
  for (const [index, secret] of request.secrets.entries()) {
    if (secret.file !== undefined) flag('secret', `id=${secret.id},src=${secret.file}`);
    else if (secret.content !== undefined) {
      const variable = `WINDLASS_BUILD_SECRET_${index}`;
      environment[variable] = secret.content;
      flag('secret', `id=${secret.id},env=${variable}`);
    } else if (secret.environment !== undefined) flag('secret', `id=${secret.id},env=${secret.environment}`);
  }
  on('no-cache', request.noCache);
  on('pull', request.pull);
  on('check', request.check);
  // Drivers that keep images to themselves need to be told; a check builds nothing.
  if (request.check !== true) on(request.push ? 'push' : 'load', true);
  const context = build.context ?? '.';
  const remote = isRemoteContext(context);
  if (build.dockerfile_inline !== undefined) args.push('--file', '-');
  else if (build.dockerfile !== undefined)
    args.push('--file', remote ? build.dockerfile : resolve(context, build.dockerfile));
  // Nothing of the context may pass for a flag.
  args.push('--', remote ? context : resolve(context));
  return { args, environment, input: build.dockerfile_inline };
}

function ulimits(limits: BuildRequest['build']['ulimits']): string[] {
  return Object.entries(limits ?? {}).map(([name, limit]) =>
    typeof limit === 'number' ? `${name}=${limit}` : `${name}=${limit.soft}:${limit.hard}`,
  );
}
