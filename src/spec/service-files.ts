// `env_file` and `label_file`: read, and folded into `environment` and `labels`.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SpecError } from '../diagnostics.ts';
import type { Project, Service } from '../model.ts';
import { parseDotenv, parseRawEnv } from './dotenv.ts';
import { type EnvFileContext, readEnvText } from './read-env-files.ts';

export interface ServiceFileContext extends EnvFileContext {
  /** What paths that were left relative are relative to. */
  readonly cwd: string;
}

/** Services with the variables of their env files, which are dropped; what `environment` says goes before them. */
export function withEnvFiles(project: Project, context: ServiceFileContext): Project {
  return mapServices(project, (service) => {
    if (service.env_file === undefined && service.environment === undefined) return service;
    const { env_file: files = [], environment: declared = {}, ...rest } = service;
    const own: Record<string, string | null> = { ...declared };
    for (const [key, value] of Object.entries(own))
      if (value === null) own[key] = valueIn(project.environment, key) ?? null;
    const into = new Map<string, string>();
    for (const [key, value] of Object.entries(own)) if (value !== null) into.set(key, value);
    const lookup = (name: string): string | undefined =>
      valueIn(project.environment, name) ?? valueIn(own, name) ?? undefined;
    for (const { path: written, required = true, format } of files) {
      const path = resolve(context.cwd, written);
      if (!existsSync(path)) {
        if (required) throw missing('SPEC_ENV_FILE_NOT_FOUND', service, 'env file', path, context);
        continue;
      }
      const name = context.displayName(path);
      const text = readEnvText(path, name);
      if (format === 'raw') parseRawEnv(text, name, lookup, { into });
      else if (format === undefined) parseDotenv(text, name, lookup, { into });
      else throw unsupportedFormat(service, format);
    }
    const environment = { ...Object.fromEntries(into), ...own };
    return Object.keys(environment).length === 0 ? rest : { ...rest, environment };
  });
}

/** Services with the labels of their label files; what `labels` says goes before them. */
export function withLabelFiles(project: Project, context: ServiceFileContext): Project {
  return mapServices(project, (service) => {
    if (service.label_file === undefined) return service;
    const known = new Map<string, string>();
    for (const written of service.label_file) {
      const path = resolve(context.cwd, written);
      if (!existsSync(path)) throw missing('SPEC_LABEL_FILE_NOT_FOUND', service, 'label file', path, context);
      const name = context.displayName(path);
      // `${…}` in a file sees the files before it first, then the file itself.
      const earlier = new Map(known);
      const lookup = (key: string): string | undefined => earlier.get(key);
      for (const [key, value] of parseDotenv(readEnvText(path, name), name, lookup)) known.set(key, value);
    }
    const labels = { ...Object.fromEntries(known), ...service.labels };
    return Object.keys(labels).length === 0 ? service : { ...service, labels };
  });
}

const valueIn = <T>(values: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;

function mapServices(project: Project, change: (service: Service) => Service): Project {
  const services: Record<string, Service> = {};
  for (const [name, service] of Object.entries(project.services)) services[name] = change(service);
  return { ...project, services };
}

function missing(code: string, service: Service, what: string, path: string, context: EnvFileContext): SpecError {
  const message = `service "${service.name}": there is no ${what} "${context.displayName(path)}"`;
  const hint = what === 'env file' ? 'create it, or write "required: false" beside its path' : 'create it';
  return new SpecError([{ severity: 'error', code, message, hint }]);
}

function unsupportedFormat(service: Service, format: string): SpecError {
  const message = `service "${service.name}": "${format}" is not a format of env files`;
  return new SpecError([{ severity: 'error', code: 'SPEC_ENV_FORMAT', message, hint: 'use "raw", or leave it out' }]);
}
