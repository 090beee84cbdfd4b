// Instructions that change an image's configuration and no file: the new configuration, and the words that Docker's history
// has for them. Pure.
import { posix } from 'node:path';
import { formatDuration } from '../../../go-duration.ts';
import type { HealthConfig, RunConfig } from '../images/image-config.ts';
import { badRequest } from '../server/api-error.ts';
import type { CommandLine, Instruction } from './dockerfile/instructions.ts';

const DEFAULT_SHELL = ['/bin/sh', '-c'];

export interface ConfigState {
  readonly config: RunConfig;
  readonly author: string;
  /** CMD was given in this stage: ENTRYPOINT does not take it away. */
  readonly commandSet: boolean;
}

export interface ConfigStep {
  readonly state: ConfigState;
  /** What `docker history` shows behind the shell: `#(nop)  ENV A=b`. */
  readonly comment: string;
}

type Metadata = Exclude<Instruction, { readonly kind: 'run' | 'copy' | 'add' | 'workdir' }>;

/** The step of an instruction whose variables are expanded. */
export function configStep(state: ConfigState, instruction: Metadata): ConfigStep {
  const { config } = state;
  const step = (changes: Partial<RunConfig>, words: string, rest: Partial<ConfigState> = {}): ConfigStep => ({
    state: { ...state, ...rest, config: { ...config, ...changes } },
    comment: `#(nop)  ${words}`,
  });
  switch (instruction.kind) {
    case 'env': {
      const texts = instruction.pairs.map(({ key, value }) => `${key}=${value}`);
      return step({ Env: mergeEnvironment(config.Env ?? [], instruction.pairs) }, `ENV ${texts.join(' ')}`);
    }
    case 'label': {
      const labels = Object.fromEntries(instruction.pairs.map(({ key, value }) => [key, value]));
      const texts = instruction.pairs.map(({ key, value }) => `${key}=${value}`);
      return step({ Labels: { ...config.Labels, ...labels } }, `LABEL ${texts.join(' ')}`);
    }
    case 'arg': {
      const texts = instruction.args.map(({ key, value }) => (value === undefined ? key : `${key}=${value}`));
      return step({}, `ARG ${texts.join(' ')}`);
    }
    case 'cmd': {
      const words = commandWords(instruction.command, config);
      return step({ Cmd: words }, `CMD ${quotedList(words)}`, { commandSet: words.length > 0 });
    }
    case 'entrypoint': {
      const words = commandWords(instruction.command, config);
      const changes: Partial<RunConfig> = { Entrypoint: words, ...(state.commandSet ? {} : { Cmd: null }) };
      return step(changes, `ENTRYPOINT ${quotedList(words)}`);
    }
    case 'expose': {
      const ports = Object.fromEntries(instruction.words.flatMap(exposedPorts).map((port) => [port, {}]));
      return step(
        { ExposedPorts: { ...config.ExposedPorts, ...ports } },
        `EXPOSE ${[...instruction.words].sort().join(' ')}`,
      );
    }
    case 'volume': {
      if (instruction.words.includes('')) throw badRequest('VOLUME specified can not be an empty string');
      const volumes = Object.fromEntries(instruction.words.map((path) => [path, {}]));
      return step({ Volumes: { ...config.Volumes, ...volumes } }, `VOLUME [${instruction.words.join(' ')}]`);
    }
    case 'user':
      return step({ User: instruction.value }, `USER ${instruction.value}`);
    case 'stopsignal':
      return step({ StopSignal: instruction.value }, `STOPSIGNAL ${instruction.value}`);
    case 'maintainer':
      return step({}, `MAINTAINER ${instruction.value}`, { author: instruction.value });
    case 'shell':
      return step({ Shell: [...instruction.shell] }, `SHELL [${instruction.shell.join(' ')}]`);
    case 'healthcheck':
      return step({ Healthcheck: instruction.health }, `HEALTHCHECK ${healthText(instruction.health)}`);
    case 'onbuild':
      return step({ OnBuild: [...(config.OnBuild ?? []), instruction.trigger] }, `ONBUILD ${instruction.trigger}`);
  }
}

export const shellOf = (config: RunConfig): readonly string[] => (config.Shell?.length ? config.Shell : DEFAULT_SHELL);

/** The words of a command: text goes to the shell. */
export const commandWords = (command: CommandLine, config: RunConfig): string[] =>
  command.shell && command.words.length > 0 ? [...shellOf(config), ...command.words] : [...command.words];

/** A working directory, relative ones to the one before. */
export const workdirOf = (current: string, given: string): string =>
  posix.resolve(current === '' ? '/' : posix.resolve('/', current), given === '' ? '.' : given);

function mergeEnvironment(
  existing: readonly string[],
  pairs: readonly { readonly key: string; readonly value: string }[],
): string[] {
  const variables = existing.map((text) => {
    const equals = text.indexOf('=');
    return equals < 0 ? { key: text, value: undefined } : { key: text.slice(0, equals), value: text.slice(equals + 1) };
  });
  const merged: { key: string; value: string | undefined }[] = [...variables];
  for (const pair of pairs) {
    const at = merged.findIndex(({ key }) => key === pair.key);
    if (at < 0) merged.push(pair);
    else merged[at] = pair;
  }
  return merged.map(({ key, value }) => (value === undefined ? key : `${key}=${value}`));
}

/** `80`, `80/udp`, `8000-8002`; a host part, which EXPOSE ignores, is dropped. */
export function exposedPorts(word: string): string[] {
  const [, range = '', protocol = 'tcp'] = /^(?:.*:)?(\d+(?:-\d+)?)(?:\/(\w+))?$/.exec(word) ?? [];
  const [first = Number.NaN, last = first] = range.split('-').map(Number);
  const known = ['tcp', 'udp', 'sctp'].includes(protocol.toLowerCase());
  if (range === '' || !known || first > last || last > 65535) throw badRequest(`Invalid containerPort: ${word}`);
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol.toLowerCase()}`);
}

/** As Go writes `%q` of a list. */
const quotedList = (words: readonly string[]): string => `[${words.map((word) => JSON.stringify(word)).join(' ')}]`;

/** As Go writes `%q` of the structure. */
function healthText(health: HealthConfig): string {
  const times = [health.Interval, health.Timeout, health.StartPeriod].map((value) =>
    JSON.stringify(formatDuration(BigInt(value ?? 0))),
  );
  const retries = health.Retries ?? 0;
  const character = retries < 32 ? `\\x${retries.toString(16).padStart(2, '0')}` : String.fromCodePoint(retries);
  return `&{${quotedList(health.Test ?? [])} ${times.join(' ')} '${character}'}`;
}
