// `--change` of import and commit: Dockerfile instructions that only touch an image's configuration. Pure.
import { badRequest } from '../server/api-error.ts';
import type { RunConfig } from './image-config.ts';

/** The configuration with the instructions applied in order. */
export function applyChanges(config: RunConfig, changes: readonly string[]): RunConfig {
  return changes
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.trim() !== '')
    .reduce(applyChange, config);
}

function applyChange(config: RunConfig, line: string): RunConfig {
  const match = /^\s*(\w+)\s+(.*)$/.exec(line);
  const [, word = '', rest = ''] = match ?? [];
  switch (word.toUpperCase()) {
    case 'CMD':
      return { ...config, Cmd: commandForm(rest) };
    case 'ENTRYPOINT':
      return { ...config, Entrypoint: commandForm(rest) };
    case 'ENV':
      return { ...config, Env: replaceVariables(config.Env ?? [], pairs(rest)) };
    case 'EXPOSE':
      return {
        ...config,
        ExposedPorts: { ...config.ExposedPorts, ...keys(words(rest).map((p) => (p.includes('/') ? p : `${p}/tcp`))) },
      };
    case 'LABEL':
      return { ...config, Labels: { ...config.Labels, ...Object.fromEntries(pairs(rest)) } };
    case 'USER':
      return { ...config, User: rest.trim() };
    case 'WORKDIR':
      return { ...config, WorkingDir: rest.trim() };
    case 'STOPSIGNAL':
      return { ...config, StopSignal: rest.trim() };
    case 'VOLUME':
      return { ...config, Volumes: { ...config.Volumes, ...keys(jsonForm(rest) ?? words(rest)) } };
    default:
      throw badRequest(`${word || line.trim()} is not a valid change command`);
  }
}

/** `["a","b"]`, or text for the shell. */
export const commandForm = (text: string): string[] => jsonForm(text) ?? ['/bin/sh', '-c', text.trim()];

/** A JSON list of strings; undefined when the text is not one. */
export function jsonForm(text: string): string[] | undefined {
  if (!text.trim().startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
const keys = (names: readonly string[]): Record<string, object> => Object.fromEntries(names.map((name) => [name, {}]));

/** `A=b C="d e"`, or the older `A b c`. */
function pairs(text: string): [string, string][] {
  if (!/^\s*[^\s=]+=/.test(text)) {
    const match = /^\s*(\S+)\s+(.*)$/.exec(text);
    return match ? [[match[1] ?? '', (match[2] ?? '').trim()]] : [];
  }
  return [...text.matchAll(/([^\s=]+)=("(?:[^"\\]|\\.)*"|'[^']*'|(?:[^\s\\]|\\.)*)/g)].map(
    ([, name = '', value = '']) => [name, unquote(value)],
  );
}

function unquote(text: string): string {
  if (text.startsWith("'") && text.endsWith("'") && text.length > 1) return text.slice(1, -1);
  const inner = text.startsWith('"') && text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text;
  return inner.replace(/\\(.)/g, '$1');
}

export function replaceVariables(existing: readonly string[], added: readonly (readonly [string, string])[]): string[] {
  const variables = new Map(
    existing.map((entry) => [entry.split('=', 1)[0] ?? '', entry.slice(entry.indexOf('=') + 1)]),
  );
  for (const [name, value] of added) variables.set(name, value);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}
