// Models run in Docker Model Runner, which its docker plugin drives: pulled and configured before services start, which are told where
// they are.
import { WindlassError } from '../errors.ts';
import { type Host, realHost } from '../host.ts';
import type { Model, Project } from '../model.ts';
import { usesModels, withModelVariables } from '../planner/models.ts';
import { findPlugin } from '../planner/provider.ts';
import type { CommandContext } from './context.ts';
import { type Progress, withProgress } from './output/progress.ts';

/** The project with the addresses of its models. They are there then, unless it is only looked at. */
export async function withModels(
  context: CommandContext,
  project: Project,
  { look = context.globals.dryRun, host = realHost }: { readonly look?: boolean; readonly host?: Host } = {},
): Promise<Project> {
  if (!usesModels(project)) return project;
  const plugin = await findPlugin('model', project.environment);
  if (plugin === undefined)
    throw new WindlassError('NO_MODEL_RUNNER', "'models' support requires Docker Model plugin", {
      hint: 'install docker-model-plugin, or run the model as a service and pass its address in "environment"',
    });
  const runner = new ModelRunner(plugin, host, project.environment, context.signal);
  if (!look) await withProgress(context, { title: 'Preparing' }, (progress) => prepareAll(runner, project, progress));
  return withModelVariables(project, await runner.endpoint());
}

async function prepareAll(runner: ModelRunner, project: Project, { onEvent }: Progress): Promise<void> {
  const available = await runner.available();
  await Promise.all(
    Object.entries(project.models).map(async ([key, model]) => {
      const id = model.name || key;
      if (!available.has(model.model)) {
        onEvent({ id, text: 'Pulling', status: '', kind: 'working' });
        await runner.pull(model);
      }
      onEvent({ id, text: 'Configuring', status: '', kind: 'working' });
      await runner.configure(model);
      onEvent({ id, text: 'Configured', status: '', kind: 'done' });
    }),
  );
}

class ModelRunner {
  readonly #program: string;
  readonly #host: Host;
  readonly #env: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal;

  constructor(program: string, host: Host, env: Readonly<Record<string, string>>, signal: AbortSignal) {
    this.#program = program;
    this.#host = host;
    this.#env = env;
    this.#signal = signal;
  }

  /** Where it listens, as containers see it. */
  async endpoint(): Promise<string> {
    const { endpoint } = parse(await this.#run(['status', '--json'])) as { endpoint?: unknown };
    if (typeof endpoint === 'string' && endpoint !== '') return endpoint;
    throw new WindlassError('MODEL_RUNNER', 'Docker Model Runner does not say where it listens', {
      hint: 'see "docker model status"',
    });
  }

  /** The names of the models that are there. */
  async available(): Promise<ReadonlySet<string>> {
    const models = parse(await this.#run(['ls', '--json']));
    const tags = (Array.isArray(models) ? models : []).flatMap((model: { tags?: unknown }) =>
      Array.isArray(model.tags) ? model.tags.map(String) : [],
    );
    return new Set(tags);
  }

  pull({ model }: Model): Promise<string> {
    return this.#run(['pull', model]);
  }

  configure({ model, context_size = 0, runtime_flags = [] }: Model): Promise<string> {
    const size = context_size > 0 ? ['--context-size', String(context_size)] : [];
    return this.#run(['configure', ...size, model, ...(runtime_flags.length > 0 ? ['--', ...runtime_flags] : [])]);
  }

  async #run(args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#host.run(this.#program, args, {
      env: this.#env,
      signal: this.#signal,
    });
    if (exitCode === 0) return stdout;
    throw new WindlassError('MODEL_RUNNER', `"docker model ${args.join(' ')}" failed: ${stderr.trim().slice(-500)}`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new WindlassError('MODEL_RUNNER', `Docker Model Runner answered with no JSON: ${text.slice(0, 200)}`);
  }
}
