// One end-to-end scenario: a folder with a Compose project, a project name of its own, and the programs that work on it.
// Whatever the test's outcome, containers, networks, volumes and files of the scenario are gone afterwards; when it failed, what is known
// of it stays in a folder whose path is printed.
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished } from 'vitest';
import { failure, type Ran, type RunOptions, run, type Started, start } from '../../scripts/ground/run.ts';
import { projectPrefix } from '../../scripts/ground/test-run.ts';
import { EngineView } from './engine-view.ts';
import { eventually } from './eventually.ts';
import { keepEvidence } from './evidence.ts';

export { eventually } from './eventually.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DEADLINE_MS = 120_000;

export interface ScenarioOptions {
  /** Folder to copy: below test/e2e, test/fixtures or examples, from the project's root. */
  readonly fixture?: string;
  /** Files to write: path → text. `compose.yaml` is the usual one. */
  readonly files?: Readonly<Record<string, string>>;
  /** Environment of every program, beside a small fixed one. */
  readonly env?: Readonly<Record<string, string>>;
  /** Leaves COMPOSE_PROJECT_NAME unset, for tests of the project's name itself; such a test cleans up by `alsoRemove`. */
  readonly unnamed?: boolean;
}

export interface CommandOptions extends Omit<RunOptions, 'show'> {
  /** The exit status that is right; 0 unless given. Any other fails the test with the program's output. */
  readonly exit?: number | 'any';
}

/** A command that runs on, such as `up` in the foreground, `logs -f` or `watch`. */
export interface Running extends Started {
  /** Waits until the output so far matches. */
  until(pattern: RegExp | string, deadlineMs?: number): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

/** The parts of `docker inspect` that tests look at; anything else by index. */
export interface InspectedContainer {
  readonly Id: string;
  readonly Name: string;
  readonly Image: string;
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly ExitCode: number;
    readonly Pid: number;
    readonly StartedAt: string;
    readonly Health?: { readonly Status: string };
  };
  readonly Config: {
    readonly Labels: Readonly<Record<string, string>>;
    readonly Env: readonly string[];
    readonly Image: string;
    readonly [key: string]: unknown;
  };
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Source: string;
    readonly Destination: string;
  }[];
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>>;
    readonly Networks: Readonly<
      Record<string, { readonly IPAddress: string; readonly Aliases: readonly string[] | null }>
    >;
  };
}

export class Scenario {
  readonly project: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly transcript: Ran[] = [];
  readonly startedAt = new Date();
  readonly #projects: string[];
  readonly #view: EngineView;
  readonly #running: Started[] = [];

  constructor(project: string, folder: string, env: Readonly<Record<string, string>>) {
    this.project = project;
    this.folder = folder;
    this.env = env;
    this.#projects = [project];
    this.#view = new EngineView(env.DOCKER_HOST ?? inject('ground').dockerHost);
  }

  /** Runs the built windlass in the scenario's folder. */
  windlass(args: readonly string[], options?: CommandOptions): Promise<Ran> {
    return this.command(process.execPath, ['--', inject('ground').program, ...args], options);
  }

  /** Runs docker compose 2.40.3, the peer. */
  compose(args: readonly string[], options?: CommandOptions): Promise<Ran> {
    return this.command(inject('ground').peers.compose, args, options);
  }

  docker(args: readonly string[], options?: CommandOptions): Promise<Ran> {
    return this.command('docker', args, options);
  }

  /** Runs any program with the scenario's folder and environment. */
  async command(program: string, args: readonly string[], options: CommandOptions = {}): Promise<Ran> {
    const { exit = 0, env, ...rest } = options;
    const ran = await run(program, args, {
      cwd: this.folder,
      deadline: DEADLINE_MS,
      ...rest,
      env: { ...this.env, ...env },
    });
    this.transcript.push(ran);
    if (exit !== 'any' && ran.exitCode !== exit) throw new Error(`expected exit status ${exit}: ${failure(ran)}`);
    return ran;
  }

  /** Starts windlass and lets it run; it is killed when the test ends. */
  start(args: readonly string[], options: RunOptions = {}): Running {
    const { env, ...rest } = options;
    const started = start(process.execPath, ['--', inject('ground').program, ...args], {
      cwd: this.folder,
      ...rest,
      env: { ...this.env, ...env },
    });
    this.#running.push(started);
    started.ended.then((ran) => this.transcript.push(ran)).catch(() => undefined);
    return {
      ...started,
      until: async (pattern, deadlineMs) => {
        const matches = (): boolean =>
          typeof pattern === 'string' ? started.output().includes(pattern) : pattern.test(started.output());
        await eventually(`"windlass ${args.join(' ')}" prints ${pattern}`, matches, deadlineMs).catch(
          (error: Error) => {
            throw new Error(`${error.message}; it printed:\n${started.output()}`);
          },
        );
      },
      signal: (name) => void started.process.kill(name),
    };
  }

  /** Writes a file below the scenario's folder. */
  async write(path: string, text: string): Promise<void> {
    const file = join(this.folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  read(path: string): Promise<string> {
    return readFile(join(this.folder, path), 'utf8');
  }

  /** Every container of the project, stopped ones too, sorted by name. */
  async containers(project = this.project): Promise<InspectedContainer[]> {
    const found = (await this.#view.inspectContainers(project)) as InspectedContainer[];
    return found.sort((a, b) => (a.Name < b.Name ? -1 : 1));
  }

  /** The one container of a service; fails unless there is exactly one. */
  async container(service: string): Promise<InspectedContainer> {
    const all = (await this.containers()).filter((c) => c.Config.Labels['com.docker.compose.service'] === service);
    const [only, ...others] = all;
    if (only === undefined || others.length > 0)
      throw new Error(`service "${service}" has ${all.length} containers, not one`);
    return only;
  }

  /** Name → state, for all containers: `{ web-1: 'running' }`, without the project's prefix. */
  async states(): Promise<Record<string, string>> {
    const prefix = `/${this.project}-`;
    const entries = (await this.containers()).map(({ Name, State }) => [
      Name.startsWith(prefix) ? Name.slice(prefix.length) : Name.slice(1),
      State.Status,
    ]);
    return Object.fromEntries(entries);
  }

  /** Names of what still carries the project's label: containers, networks, volumes. */
  remains(project = this.project): Promise<string[]> {
    return this.#view.remains(project);
  }

  async expectNothingLeft(): Promise<void> {
    expect(await this.remains()).toEqual([]);
  }

  /** Names a further project whose things are removed when the test ends. */
  alsoRemove(project: string): void {
    this.#projects.push(project);
  }

  /** Ends what runs and removes everything that carries one of the projects' labels. */
  async tearDown(): Promise<void> {
    for (const { process: child, ended } of this.#running) {
      child.kill('SIGKILL');
      await ended.catch(() => undefined);
    }
    for (const project of this.#projects) await this.#view.removeAll(project);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Sets up a scenario for the test that calls it. */
export async function scenario(options: ScenarioOptions = {}): Promise<Scenario> {
  const ground = inject('ground');
  const project = `${projectPrefix(ground.folder)}${randomBytes(3).toString('hex')}`;
  const folder = await mkdtemp(join(ground.folder, 'scenario-'));
  const made = new Scenario(project, folder, {
    PATH: process.env.PATH ?? '',
    HOME: join(ground.folder, 'home'),
    DOCKER_HOST: ground.dockerHost,
    LANG: 'C.UTF-8',
    ...(options.unnamed ? {} : { COMPOSE_PROJECT_NAME: project }),
    ...options.env,
  });
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') {
      const kept = await keepEvidence(made, join(ground.failures, `${project}-${slug(task.name)}`));
      process.stdout.write(`what is known of the failed scenario "${task.name}": ${kept}\n`);
    }
    await made.tearDown();
  });
  if (options.fixture !== undefined) await cp(join(ROOT, options.fixture), folder, { recursive: true });
  for (const [path, text] of Object.entries(options.files ?? {})) await made.write(path, text);
  return made;
}

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40);
