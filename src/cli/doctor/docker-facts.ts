// Docker's settings of this user: contexts and credential helpers. Names only; what is secret is not read out.
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './host-facts.ts';
import type { Finding } from './report.ts';

interface DockerConfig {
  readonly currentContext?: string;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly auths?: Readonly<Record<string, unknown>>;
}

export async function dockerFindings(env: Readonly<Record<string, string>>): Promise<Finding[]> {
  const folder = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  const base = { topic: 'docker', name: 'config.json' } as const;
  const read = await readConfig(join(folder, 'config.json'));
  if (read === undefined)
    return [{ ...base, verdict: 'info', detail: `none in ${folder}` }, ...(await contexts(folder, env, {}))];
  if ('problem' in read)
    return [{ ...base, verdict: 'problem', detail: read.problem, hint: `correct ${join(folder, 'config.json')}` }];
  const { config } = read;
  const registries = Object.keys(config.auths ?? {});
  return [
    {
      ...base,
      verdict: 'ok',
      detail: registries.length === 0 ? `no log-ins in ${folder}` : `log-ins for ${registries.sort().join(', ')}`,
    },
    ...(await contexts(folder, env, config)),
    ...(await helpers(config, env)),
  ];
}

async function readConfig(path: string): Promise<{ config: DockerConfig } | { problem: string } | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const config: unknown = JSON.parse(text);
    return typeof config === 'object' && config !== null ? { config } : { problem: 'is not a JSON object' };
  } catch {
    return { problem: 'is not valid JSON' };
  }
}

async function contexts(
  folder: string,
  env: Readonly<Record<string, string>>,
  config: DockerConfig,
): Promise<Finding[]> {
  const metadata = join(folder, 'contexts', 'meta');
  const names = await Promise.all(
    (await readdir(metadata).catch(() => [])).map(async (id) => {
      const text = await readFile(join(metadata, id, 'meta.json'), 'utf8').catch(() => '{}');
      return /"Name"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? id;
    }),
  );
  const current = env.DOCKER_CONTEXT || config.currentContext || 'default';
  const base = { topic: 'docker', name: 'contexts' } as const;
  if (current !== 'default' && !names.includes(current))
    return [
      {
        ...base,
        verdict: 'problem',
        detail: `the current context "${current}" does not exist`,
        hint: 'docker context use default',
      },
    ];
  const all = ['default', ...names.sort()].map((name) => (name === current ? `${name} (current)` : name));
  return [{ ...base, verdict: 'ok', detail: all.join(', ') }];
}

async function helpers(config: DockerConfig, env: Readonly<Record<string, string>>): Promise<Finding[]> {
  const wanted = new Set([config.credsStore, ...Object.values(config.credHelpers ?? {})].filter(Boolean));
  return Promise.all(
    [...wanted].map(async (name): Promise<Finding> => {
      const program = `docker-credential-${name}`;
      const path = await findProgram(program, env.PATH ?? '');
      return path === undefined
        ? {
            topic: 'docker',
            name: program,
            verdict: 'problem',
            detail: 'named in config.json, but not found',
            hint: `install ${program}, or take it out of config.json`,
          }
        : { topic: 'docker', name: program, verdict: 'ok', detail: path };
    }),
  );
}
