// `env_file` and `label_file`: read, and folded into `environment` and `labels`.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SpecError } from '../diagnostics.ts';
import type { Project, Service } from '../model.ts';
import { parseDotenv, parseRawEnv } from './dotenv.ts';
import type { Places } from './places.ts';
import { placed } from './problems.ts';
import { type EnvFileContext, readEnvText } from './read-env-files.ts';
import { isMapping, isSequence, type Mapping, type Mark, markOf, markOfItem } from './tree.ts';

export interface ServiceFileContext extends EnvFileContext {
  /** What paths that were left relative are relative to. */
  readonly cwd: string;
  readonly places: Places;
}

/** Services with the variables of their env files, which are dropped; what `environment` says goes before them. */
export function withEnvFiles(project: Project, tree: Mapping, context: ServiceFileContext): Project {
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
    // A path that came to nothing, such as `env_file: ${FILE:-}`, is gone by now.
    for (const [index, { path: written = '', required = true, format }] of files.entries()) {
      const path = resolve(context.cwd, written);
      const mark = markOfFile(tree, service.name, 'env_file', index);
      placed(context.places, ['services', service.name], mark, () => {
        if (written === '' || !existsSync(path)) {
          if (required && written === '') throw nameless('env_file');
          if (required) throw missing('SPEC_ENV_FILE_NOT_FOUND', 'env file', path, context);
          return;
        }
        const name = context.displayName(path);
        const text = readEnvText(path, name);
        if (format === 'raw') parseRawEnv(text, name, lookup, { into });
        else if (format === undefined) parseDotenv(text, name, lookup, { into });
        else throw unsupportedFormat(format);
      });
    }
    const environment = { ...Object.fromEntries(into), ...own };
    return Object.keys(environment).length === 0 ? rest : { ...rest, environment };
  });
}

/** Services with the labels of their label files; what `labels` says goes before them. */
export function withLabelFiles(project: Project, tree: Mapping, context: ServiceFileContext): Project {
  return mapServices(project, (service) => {
    if (service.label_file === undefined) return service;
    const known = new Map<string, string>();
    for (const [index, written] of service.label_file.entries()) {
      const path = resolve(context.cwd, written);
      const mark = markOfFile(tree, service.name, 'label_file', index);
      placed(context.places, ['services', service.name], mark, () => {
        if (written === '') throw nameless('label_file');
        if (!existsSync(path)) throw missing('SPEC_LABEL_FILE_NOT_FOUND', 'label file', path, context);
        const name = context.displayName(path);
        // `${…}` in a file sees the files before it first, then the file itself.
        const earlier = new Map(known);
        const lookup = (key: string): string | undefined => earlier.get(key);
        for (const [key, value] of parseDotenv(readEnvText(path, name), name, lookup)) known.set(key, value);
      });
    }
    const labels = { ...Object.fromEntries(known), ...service.labels };
    return Object.keys(labels).length === 0 ? service : { ...service, labels };
  });
}

/** Where a service names its n-th file. */
function markOfFile(tree: Mapping, service: string, key: 'env_file' | 'label_file', index: number): Mark {
  const services = tree.services;
  const mapping = isMapping(services) ? services[service] : undefined;
  if (!isMapping(mapping)) return 0;
  const files = mapping[key];
  return (isSequence(files) && markOfItem(files, index)) || markOf(mapping, key);
}

const valueIn = <T>(values: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined;

function mapServices(project: Project, change: (service: Service) => Service): Project {
  const services: Record<string, Service> = {};
  for (const [name, service] of Object.entries(project.services)) services[name] = change(service);
  return { ...project, services };
}

function missing(code: string, what: string, path: string, context: EnvFileContext): SpecError {
  const message = `there is no ${what} "${context.displayName(path)}"`;
  const hint = what === 'env file' ? 'create it, or write "required: false" beside its path' : 'create it';
  return new SpecError([{ severity: 'error', code, message, hint }]);
}

function nameless(attribute: string): SpecError {
  const message = `"${attribute}" has an empty path`;
  const hint = 'name a file, or leave the entry out';
  return new SpecError([{ severity: 'error', code: 'SPEC_VALUE', message, hint }]);
}

function unsupportedFormat(format: string): SpecError {
  const message = `"${format}" is not a format of env files`;
  return new SpecError([{ severity: 'error', code: 'SPEC_ENV_FORMAT', message, hint: 'use "raw", or leave it out' }]);
}
