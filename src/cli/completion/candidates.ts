// What may stand at the cursor, with a word of explanation each.
import type { AnyCommand } from '../declaration.ts';
import type { Grammar, Walked } from './walk.ts';

export interface Candidate {
  readonly value: string;
  readonly help: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** The shell may offer files too. */
  readonly files: boolean;
  /** More is to be written in the same word: `web=`. */
  readonly noSpace: boolean;
}

/** What has to be looked up; each gives an empty list where it cannot. */
export interface LookUp {
  services(): Promise<readonly string[]>;
  profiles(): Promise<readonly string[]>;
  projects(): Promise<readonly string[]>;
}

const NOTHING: Completion = { candidates: [], files: false, noSpace: false };
const FILES: Completion = { candidates: [], files: true, noSpace: false };
const plain = (values: readonly string[], help = ''): Candidate[] => values.map((value) => ({ value, help }));

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGKILL', 'SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGSTOP', 'SIGCONT'];

/** Values of flags that have few, by long name. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  ansi: ['never', 'always', 'auto'],
  engine: ['docker', 'native'],
  format: ['table', 'json'],
  level: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
  policy: ['missing', 'always'],
  progress: ['auto', 'tty', 'plain', 'json', 'quiet'],
  protocol: ['tcp', 'udp'],
  pull: ['always', 'missing', 'never'],
  rmi: ['local', 'all'],
  signal: SIGNALS,
  status: ['paused', 'restarting', 'removing', 'running', 'dead', 'created', 'exited'],
};
/** `config --format` is the one that knows no table. */
const COMMAND_CHOICES: Readonly<Record<string, readonly string[]>> = {
  'config format': ['yaml', 'json'],
  'version format': ['pretty', 'json'],
};
const FILE_VALUES = new Set(['file', 'env-file', 'env-from-file', 'project-directory', 'output', 'volume']);
const SERVICE_VALUES = new Set(['attach', 'no-attach', 'exit-code-from']);
const SHELLS = ['bash', 'zsh', 'fish'];

/** All candidates; the shell, or the caller, keeps those that begin with what was written. */
export async function complete(walked: Walked, grammar: Grammar, lookUp: LookUp): Promise<Completion> {
  const { position, command } = walked;
  switch (position.kind) {
    case 'command':
      return { ...NOTHING, candidates: [...grammar.commands, ...grammar.groups].filter(shown).map(described) };
    case 'group':
      return { ...NOTHING, candidates: position.group.commands.filter(shown).map(described) };
    case 'flag':
      return {
        ...NOTHING,
        candidates: Object.entries(position.flags)
          .filter(([, flag]) => flag.hidden !== true)
          .flatMap(([key, flag]) => [
            { value: `--${key}`, help: flag.help },
            ...(flag.short === undefined ? [] : [{ value: `-${flag.short}`, help: flag.help }]),
          ]),
      };
    case 'value': {
      const found = await valueCandidates(position.key, command, lookUp);
      return {
        ...found,
        candidates: found.candidates.map(({ value, help }) => ({ value: position.written + value, help })),
      };
    }
    case 'argument':
      return command === undefined ? NOTHING : argumentCandidates(command, position.index, walked.args, lookUp);
  }
}

const shown = (item: { readonly hidden?: boolean }): boolean => item.hidden !== true;
const described = ({ name, summary }: { readonly name: string; readonly summary: string }): Candidate => ({
  value: name,
  help: summary,
});

async function valueCandidates(key: string, command: AnyCommand | undefined, lookUp: LookUp): Promise<Completion> {
  if (FILE_VALUES.has(key)) return FILES;
  if (SERVICE_VALUES.has(key)) return { ...NOTHING, candidates: plain(await lookUp.services()) };
  if (key === 'scale') return withSign(await lookUp.services(), '=');
  if (key === 'profile') return { ...NOTHING, candidates: plain(await lookUp.profiles()) };
  if (key === 'project-name') return { ...NOTHING, candidates: plain(await lookUp.projects()) };
  return { ...NOTHING, candidates: plain(COMMAND_CHOICES[`${command?.name} ${key}`] ?? CHOICES[key] ?? []) };
}

async function argumentCandidates(
  command: AnyCommand,
  index: number,
  args: readonly string[],
  lookUp: LookUp,
): Promise<Completion> {
  if (command.name === 'completion') return index === 0 ? { ...NOTHING, candidates: plain(SHELLS) } : NOTHING;
  if (command.name === 'scale') return withSign(await lookUp.services(), '=');
  if (command.name === 'cp') return { ...withSign(await lookUp.services(), ':'), files: true };
  if (command.completes === 'none') return NOTHING;
  if (command.completes === 'service-then-files' && index > 0) return FILES;
  if (command.args.max !== undefined && index >= command.args.max) return NOTHING;
  const services = await lookUp.services();
  return { ...NOTHING, candidates: plain(services.filter((service) => !args.includes(service))) };
}

const withSign = (services: readonly string[], sign: string): Completion => ({
  candidates: plain(services.map((service) => service + sign)),
  files: false,
  noSpace: true,
});
