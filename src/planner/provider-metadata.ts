// What a provider says of itself (`<type> compose metadata`): which options each command takes, and which it needs. Providers need
// not answer; then all options are passed on.

import { WindlassError } from '../errors.ts';
import type { Host } from '../host.ts';
import { record } from '../json.ts';
import { debug } from '../log.ts';
import type { Service } from '../model.ts';
import type { ProviderCommand } from './plan.ts';

interface Parameter {
  readonly name: string;
  readonly required: boolean;
}

/** Command → its parameters; undefined where the provider says nothing. */
export type ProviderMetadata = Readonly<Record<'up' | 'down', readonly Parameter[]>> & {
  /** Undefined where it cannot stop. */
  readonly stop: readonly Parameter[] | undefined;
};

export async function askMetadata(
  host: Host,
  program: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ProviderMetadata | undefined> {
  try {
    const { exitCode, stdout } = await host.run(program, ['compose', 'metadata'], { env, signal });
    return exitCode === 0 ? readMetadata(JSON.parse(stdout)) : undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    debug('provider', () => `"${program} compose metadata" says nothing: ${String(error)}`);
    return undefined;
  }
}

function readMetadata(value: unknown): ProviderMetadata | undefined {
  const { description, up, down, stop } = record(value);
  const parameters = {
    up: parametersOf(up),
    down: parametersOf(down),
    stop: stop === undefined || stop === null ? undefined : parametersOf(stop),
  };
  const says = description || parameters.up.length > 0 || parameters.down.length > 0 || parameters.stop !== undefined;
  return says ? parameters : undefined;
}

function parametersOf(command: unknown): Parameter[] {
  const { parameters } = record(command);
  if (!Array.isArray(parameters)) return [];
  return parameters
    .map(record)
    .flatMap(({ name, required }) => (typeof name === 'string' ? [{ name, required: required === true }] : []));
}

/** `--key=value` for each option that the command takes. @throws WindlassError where one that it needs is missing. */
export function optionArguments(
  { provider }: Service,
  command: ProviderCommand,
  metadata: ProviderMetadata | undefined,
): string[] {
  const options = provider?.options ?? {};
  const known = metadata?.[command];
  const missing = known?.find(({ name, required }) => required && options[name] === undefined);
  if (missing)
    throw new WindlassError(
      'PROVIDER_OPTION',
      `required parameter "${missing.name}" is missing from provider "${provider?.type}" definition`,
      { hint: `set it below "provider.options"` },
    );
  return Object.entries(options)
    .filter(([key]) => known === undefined || known.some(({ name }) => name === key))
    .flatMap(([key, values]) => values.map((value) => `--${key}=${value}`));
}
