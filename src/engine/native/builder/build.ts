// One build: the stages it needs, started at once, each waiting for those it takes from; then the image.
import { join } from 'node:path';
import { type Platform, parsePlatform, platformText } from '../images/platforms.ts';
import { badRequest } from '../server/api-error.ts';
import type { IdMapping } from '../user-namespaces/id-mapping.ts';
import { type BaseImages, baseImage } from './base-image.ts';
import { BuildArgs, platformArgs } from './build-args.ts';
import type { BuildFacts, NamedSource } from './build-facts.ts';
import type { BuilderParts, Making } from './builder.ts';
import type { CacheImage } from './caches/import-caches.ts';
import type { StepCache } from './caches/step-cache.ts';
import { contextName } from './context-name.ts';
import { DockerfileError } from './dockerfile/dockerfile-error.ts';
import { expandWord } from './dockerfile/expand.ts';
import type { Dockerfile, Stage } from './dockerfile/instructions.ts';
import { contextFolder } from './files/context-folder.ts';
import type { ContextTree } from './files/context-tree.ts';
import { MountedTree } from './files/mounted-tree.ts';
import { type Chain, chainKey, type Layers } from './layers.ts';
import type { BuildOutput, BuildReport, StageOutput } from './output.ts';
import { fetchContext } from './remote/remote-context.ts';
import type { CacheMounts } from './run/cache-mounts.ts';
import { buildStage } from './stage.ts';
import { baseStage, findStage, neededStages, targetStage } from './stage-graph.ts';
import { fromImage, fromNothing, fromStage, type StageState } from './stage-state.ts';

export interface BuildTools extends BuilderParts {
  readonly cache: StepCache;
  readonly cacheImages: readonly CacheImage[];
  readonly cacheMounts: CacheMounts;
}

export interface BuildInput {
  readonly dockerfile: Dockerfile;
  readonly context: ContextTree;
  readonly layers: Layers;
  readonly report: BuildReport;
  readonly signal: AbortSignal;
  readonly folder: string;
  /** What is built for; undefined where nobody has said, and images of any platform may serve as bases. */
  readonly platform: Platform | undefined;
}

/** Carries a build out; what its target came to is returned, and is not an image yet. */
export async function runBuild(tools: BuildTools, call: Making, input: BuildInput): Promise<StageState> {
  return new Build(tools, call, input).run();
}

/** How a context that is an image is named, and one that the client sends. */
const [IMAGE, CLIENT, REMOTE] = ['docker-image://', 'client:', 'remote:'];

/** What a further context is: something to start from, or files alone. */
type NamedContext = { readonly state: StageState } | { readonly source: NamedSource };

class Build {
  readonly #tools: BuildTools;
  readonly #call: Making;
  readonly #input: BuildInput;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #native: Platform;
  readonly #platform: Platform;
  readonly #args: BuildArgs;
  readonly #bases: BaseImages;
  readonly #stages = new Map<Stage, Promise<StageState>>();
  #outputs: ReadonlyMap<Stage, StageOutput> = new Map();
  /** Contexts received from the client, and those unpacked as folders. */
  readonly #received = new Map<string, Promise<ContextTree>>();
  readonly #folders = new Map<ContextTree, Promise<string>>();

  constructor(tools: BuildTools, call: Making, input: BuildInput) {
    this.#tools = tools;
    this.#call = call;
    this.#input = input;
    this.#signal = AbortSignal.any([input.signal, this.#abort.signal]);
    const { imageArchitecture } = tools.machine;
    this.#native = parsePlatform('linux', imageArchitecture);
    this.#platform = input.platform ?? this.#native;
    const target = call.options.target || 'default';
    this.#args = new BuildArgs(
      call.options.args,
      platformArgs(platformText(this.#platform), platformText(this.#native), target),
    );
    this.#bases = {
      ...{ host: tools.host, store: tools.images, architecture: imageArchitecture, pull: call.options.pull },
      registries: tools.registries,
      auth: call.credentials,
    };
  }

  async run(): Promise<StageState> {
    const { dockerfile, report } = this.#input;
    for (const warning of dockerfile.warnings) report.note(`${warning}\n`);
    const target = this.#withLabels(targetStage(dockerfile, this.#call.options.target));
    const stages = dockerfile.stages.map((stage) => (stage.index === target.index ? target : stage));
    const file = { ...dockerfile, stages };
    for (const { args } of dockerfile.globals)
      for (const { key, value } of args)
        this.#args.declareGlobal(key, value === undefined ? undefined : this.#expand(value, 1));
    const needed = neededStages(file, target, (stage) => this.#expand(stage.base, stage.line));
    this.#outputs = report.plan({
      globals: file.globals.map(({ text }) => text),
      stages: needed,
      platform: this.#call.options.platforms.length > 1 ? platformText(this.#platform) : undefined,
    });
    const results = await Promise.allSettled(needed.map((stage) => this.#stage(file, stage)));
    for (const tree of await Promise.allSettled(this.#received.values()))
      if (tree.status === 'fulfilled') await tree.value.close();
    const failed = this.#firstFailure(results);
    if (failed) throw failed.reason;
    const left = this.#args.leftOver();
    if (left.length > 0) report.note(`[Warning] One or more build-args [${left.join(' ')}] were not consumed\n`);
    return this.#stage(file, target);
  }

  /** The failure that the others followed from. */
  #firstFailure(results: readonly PromiseSettledResult<StageState>[]): PromiseRejectedResult | undefined {
    const failures = results.filter((result) => result.status === 'rejected');
    return failures.find(({ reason }) => reason !== this.#abort.signal.reason) ?? failures[0];
  }

  /** `--label` counts as a last instruction. */
  #withLabels(target: Stage): Stage {
    const pairs = Object.entries(this.#call.options.labels).sort(([a], [b]) => (a < b ? -1 : 1));
    if (pairs.length === 0) return target;
    // Values are taken as they are: quoted, so that nothing in them is expanded.
    const literal = (text: string): string => `'${text.replaceAll("'", `'"'"'`)}'`;
    const text = `LABEL ${pairs.map(([key, value]) => `${key}=${value}`).join(' ')}`;
    const label = {
      ...{ kind: 'label' as const, line: target.line, text },
      pairs: pairs.map(([key, value]) => ({ key: literal(key), value: literal(value) })),
    };
    return { ...target, instructions: [...target.instructions, label] };
  }

  #expand(text: string, line: number): string {
    try {
      return expandWord(text, { variables: this.#args.globals(), escapeToken: this.#input.dockerfile.escapeToken });
    } catch (error) {
      throw new DockerfileError(
        line,
        `failed to process "${text}": ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** A stage, built once. */
  #stage(file: Dockerfile, stage: Stage): Promise<StageState> {
    const known = this.#stages.get(stage);
    if (known) return known;
    const work = this.#run(file, stage).catch((error: unknown) => {
      this.#abort.abort(error);
      throw error;
    });
    work.catch(() => undefined);
    this.#stages.set(stage, work);
    return work;
  }

  async #run(file: Dockerfile, stage: Stage): Promise<StageState> {
    // A stage that only a trigger calls for has no place among the steps, and is not told.
    const output = this.#outputs.get(stage) ?? SILENT;
    try {
      output.step({ text: stage.text, kind: 'from' });
      const base = await this.#base(file, stage, output);
      const facts = { build: this.#facts(file), stage, args: this.#args.forStage(), output };
      const { noCache, noCacheFilter } = this.#call.options;
      const anew = noCache || (stage.name !== undefined && noCacheFilter.includes(stage.name));
      const state = await buildStage({ ...facts, anew, escapeToken: file.escapeToken }, base);
      this.#outputs.get(stage)?.end();
      return state;
    } catch (error) {
      this.#outputs.get(stage)?.end(error);
      throw error;
    }
  }

  async #base(file: Dockerfile, stage: Stage, output: BuildOutput): Promise<StageState> {
    const name = this.#expand(stage.base, stage.line);
    if (name === '') throw new DockerfileError(stage.line, `base name (${stage.base}) should not be blank`);
    const context = await this.#named(name, output);
    if (context && 'state' in context) return context.state;
    if (context) throw new DockerfileError(stage.line, `"${name}" is a folder of the client: FROM needs an image`);
    const other = baseStage(file.stages, name, stage.index);
    if (other) return fromStage(await this.#stage(file, other));
    const wanted = this.#platformOf(stage);
    if (name === 'scratch') return fromNothing(wanted ?? this.#platform);
    return fromImage(await baseImage(this.#bases, name, wanted, output));
  }

  /** What a stage is for: its own flag, or what is built for. */
  #platformOf({ platform, line }: Stage): Platform | undefined {
    const text = platform === undefined ? '' : this.#expand(platform, line);
    return text === '' ? this.#input.platform : parsePlatform(text, this.#tools.machine.imageArchitecture);
  }

  #facts(file: Dockerfile): BuildFacts {
    const { layers, context } = this.#input;
    return {
      ...{ options: this.#call.options, parts: this.#tools, images: this.#tools.images, bases: this.#bases },
      ...{ cache: this.#tools.cache, cacheImages: this.#tools.cacheImages, cacheMounts: this.#tools.cacheMounts },
      ...{ layers, context },
      ...{ session: this.#call.session, signal: this.#signal },
      source: (name, stage, output) => this.#source(file, name, stage, output),
    };
  }

  async #source(file: Dockerfile, name: string, stage: Stage, output: BuildOutput): Promise<NamedSource> {
    if (name === '') return this.#treeSource(this.#input.context);
    const context = await this.#named(name, output);
    if (context) return 'state' in context ? this.#chainSource(context.state.chain) : context.source;
    const other = findStage(file.stages, name, stage.index);
    if (other) return this.#chainSource((await this.#stage(file, other)).chain);
    if (/^\d+$/.test(name)) throw badRequest(`invalid from flag value ${name}: index out of bounds`);
    if (name.toLowerCase() === stage.name)
      throw badRequest(`invalid from flag value ${name}: refers to current build stage`);
    if (name === 'scratch') return this.#chainSource([]);
    return this.#chainSource((await baseImage(this.#bases, name, this.#input.platform, output)).layers);
  }

  /** A further context that the client has given a name: it goes before stages and images of that name. */
  async #named(name: string, output: BuildOutput): Promise<NamedContext | undefined> {
    const source = this.#call.options.contexts.get(contextName(name));
    if (source === undefined) return undefined;
    const result = this.#call.result?.(source, this.#platform);
    if (result) return { state: fromStage(result) };
    if (source.startsWith(IMAGE))
      return {
        state: fromImage(await baseImage(this.#bases, source.slice(IMAGE.length), this.#input.platform, output)),
      };
    const known =
      this.#received.get(source) ??
      (source.startsWith(REMOTE)
        ? this.#fetch(source.slice(REMOTE.length))
        : this.#receive(source.slice(CLIENT.length)));
    this.#received.set(source, known);
    return { source: this.#treeSource(await known) };
  }

  async #receive(name: string): Promise<ContextTree> {
    const spool = join(this.#input.folder, `context-${crypto.randomUUID()}`);
    const tree = await this.#call.context(name, spool, this.#signal);
    if (!tree) throw badRequest(`the client has no context "${name}"`);
    return tree;
  }

  #fetch(address: string): Promise<ContextTree> {
    const { session, options } = this.#call;
    return fetchContext(this.#tools.host, {
      ...{ address, session, signal: this.#signal, filename: 'context' },
      folder: join(this.#input.folder, `context-${crypto.randomUUID()}`),
      keepGitFolder: options.keepGitFolder,
    });
  }

  async #chainSource(chain: Chain): Promise<NamedSource> {
    const { layers } = this.#input;
    const { host, images, mappedLayers } = this.#tools;
    layers.hold(chain);
    return {
      tree: new MountedTree(host, await layers.root(chain)),
      root: async (ids) => layers.root(chain, await mappedLayers.seen(images.lowerDirectory, ids)),
      key: `layers:${chainKey(chain)}`,
    };
  }

  /** A tree as a folder is wanted by mounts alone. */
  #treeSource(tree: ContextTree): NamedSource {
    const root = async (ids?: IdMapping): Promise<string> => {
      const folder = this.#folders.get(tree) ?? contextFolder(this.#tools.host, tree, this.#input.folder);
      this.#folders.set(tree, folder);
      return this.#tools.mappedLayers.seen(await folder, ids);
    };
    return { tree, root, key: undefined };
  }
}

const SILENT: BuildOutput = {
  step: () => undefined,
  cached: () => undefined,
  text: () => undefined,
  note: () => undefined,
  line: () => undefined,
  ready: () => Promise.resolve(),
};
