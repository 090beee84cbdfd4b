// RUN: a command in a container of its own; what it changed becomes a layer.
import { join } from 'node:path';
import { platformOf, platformText } from '../../images/platforms.ts';
import { ApiError } from '../../server/api-error.ts';
import type { BuildArgs } from '../build-args.ts';
import type { FileStep, StepFacts } from '../build-facts.ts';
import { cacheKey } from '../cache.ts';
import { commandWords, shellOf } from '../config-step.ts';
import type { InstructionOf } from '../dockerfile/instructions.ts';
import { parseHeredoc } from '../dockerfile/lexer.ts';
import { chainKey } from '../layers.ts';
import { newRunId, removeBundle, runContainer, runPaths } from '../run/container.ts';
import { foreignFailure } from '../run/emulation.ts';
import { mountKey, prepareMounts } from '../run/mounts.ts';

type Run = InstructionOf<'run'>;

/** A command ended with another status than 0. */
export class CommandFailed extends ApiError {
  readonly words: readonly string[];
  readonly exitStatus: number;
  constructor(words: readonly string[], code: number) {
    super(500, `The command '${words.join(' ')}' returned a non-zero code: ${code}`);
    this.words = words;
    this.exitStatus = code;
  }
}

/** Where a document that is a script of its own is put. */
const SCRIPTS = '/dev/pipes';

export async function runStep(facts: StepFacts<Run>, args: BuildArgs): Promise<FileStep> {
  const { build, state, instruction } = facts;
  const { config, chain } = state;
  const { words, script } = commandOf(facts);
  const { visible, silent } = args.forCommand(config.Env ?? []);
  const network = instruction.network === 'default' ? build.options.network : instruction.network;
  const mounts = await Promise.all(instruction.mounts.map((mount) => mountKey(facts, mount)));
  const shown = visible.length === 0 ? words : [`|${visible.length}`, ...visible, ...words];
  return {
    key: cacheKey(
      ...['run', chainKey(chain), words, script ?? '', config.Env ?? [], visible],
      ...[config.User ?? '', config.WorkingDir ?? '', network === 'default' ? '' : network, mounts],
    ),
    createdBy: shown.join(' '),
    make: () => execute(facts, { words, script, network, environment: [...(config.Env ?? []), ...visible, ...silent] }),
  };
}

interface Command {
  readonly words: readonly string[];
  /** Content of a script, for a document that starts with `#!`. */
  readonly script: string | undefined;
}

/** The words to run. Documents go to the shell as they are written; a lone one is the command itself. */
function commandOf({ state, instruction }: StepFacts<Run>): Command {
  const { command, heredocs } = instruction;
  const [first] = heredocs;
  const [text = ''] = command.words;
  if (!first || !command.shell) return { words: commandWords(command, state.config), script: undefined };
  const shell = shellOf(state.config);
  if (!parseHeredoc(text.trim())) {
    const documents = heredocs.map(({ content, name }) => `\n${content}${name}`).join('');
    return { words: [...shell, text + documents], script: undefined };
  }
  if (first.content.startsWith('#!')) return { words: [`${SCRIPTS}/${first.name}`], script: first.content };
  return { words: [...shell, first.content], script: undefined };
}

interface Execution extends Command {
  readonly network: string;
  readonly environment: readonly string[];
}

async function execute(facts: StepFacts<Run>, execution: Execution): Promise<Awaited<ReturnType<FileStep['make']>>> {
  const { build, state, output } = facts;
  const { host, paths } = build.parts;
  const id = newRunId();
  const folder = join(build.layers.folder, `run-${id.slice(0, 12)}`);
  const places = runPaths(paths, id, folder);
  await host.files.mkdir(folder, { mode: 0o700 });
  await host.files.mkdir(places.bundle, { recursive: true, mode: 0o711 });
  output.note(` ---> Running in ${id.slice(0, 12)}\n`);
  try {
    const prepared = await prepareMounts(facts, places.bundle, folder);
    try {
      const scripts = await scriptMount(facts, execution, folder);
      const code = await runContainer(
        build.parts,
        {
          ...{ id, folder, words: execution.words, config: state.config, network: execution.network },
          environment: [...execution.environment, ...prepared.environment],
          hostConfig: build.options.limits,
          mounts: [...scripts, ...prepared.mounts],
          stubs: prepared.stubs,
          below: await build.layers.root(state.chain),
          lowerNames: build.layers.lowerNames(state.chain),
          lowerDirectory: build.images.lowerDirectory,
        },
        output,
        build.signal,
      ).catch(async (error: unknown) => {
        throw (await foreign(facts)) ?? error;
      });
      if (code !== 0) throw (await foreign(facts)) ?? new CommandFailed(execution.words, code);
    } finally {
      await prepared.release();
    }
    output.note(`Removing intermediate container ${id.slice(0, 12)}\n`);
    return await build.layers.fromUpper(places.upper, build.parts.remap);
  } finally {
    await removeBundle(host, places.bundle);
    await host.files.rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}

/** Why a command that should have run did not, where it is one of another architecture. */
async function foreign({ build, state }: StepFacts<Run>): Promise<ApiError | undefined> {
  const { os, architecture, variant = '' } = state;
  const own = build.parts.machine.imageArchitecture;
  const platform = platformText(platformOf(os, architecture, variant));
  const message = await foreignFailure(build.parts.host, { platform, architecture, own });
  return message === undefined ? undefined : new ApiError(500, message);
}

async function scriptMount(
  { build }: StepFacts<Run>,
  { words, script }: Command,
  folder: string,
): Promise<Parameters<typeof runContainer>[1]['mounts']> {
  if (script === undefined) return [];
  const file = join(folder, 'script');
  await build.parts.host.files.writeFile(file, script, { mode: 0o755 });
  await build.parts.host.files.chmod(file, 0o755);
  const [Destination = ''] = words;
  const Source = await build.parts.mappedLayers.seen(file, build.parts.remap);
  return [{ Type: 'bind', Source, Destination, Mode: '', RW: false, Propagation: 'rprivate' }];
}
