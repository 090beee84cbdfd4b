// The builder of the engine: builds as they come, side by side, over one layer cache.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import type { Credentials } from '../../../registry/auth.ts';
import { familiarTag, parseReference } from '../../../registry/reference.ts';
import type { Registries } from '../../../registry/registries.ts';
import type { EventBus } from '../events.ts';
import { listIfExists } from '../host.ts';
import { findImage } from '../images/lookup.ts';
import { type Platform, parsePlatform, platformText } from '../images/platforms.ts';
import type { Image, ImageStore } from '../images/store.ts';
import { badRequest } from '../server/api-error.ts';
import { runBuild } from './build.ts';
import { EPOCH } from './build-args.ts';
import { BuildCache, type CacheEntry } from './cache.ts';
import { exportCache } from './caches/export-cache.ts';
import { type CacheSource, type Imports, importCaches } from './caches/import-caches.ts';
import { registryTarget } from './caches/registry-target.ts';
import { StepCache } from './caches/step-cache.ts';
import { applyContextIgnore } from './context-ignore.ts';
import type { Dockerfile } from './dockerfile/instructions.ts';
import { MAX_DOCKERFILE_BYTES } from './dockerfile/lexer.ts';
import { parseDockerfile } from './dockerfile/parse.ts';
import { ContextTree } from './files/context-tree.ts';
import { Layers } from './layers.ts';
import { type BuildReport, BuildStream } from './output.ts';
import { fetchContext } from './remote/remote-context.ts';
import type { BuildOptions } from './request.ts';
import { CacheMounts } from './run/cache-mounts.ts';
import { buildsFolder, type RunParts, removeBundle } from './run/container.ts';
import type { ClientSession, ContextSession } from './session.ts';
import { asOf, imageDocument, type StageState } from './stage-state.ts';

export interface BuilderParts extends RunParts {
  readonly images: ImageStore;
  readonly registries: Registries;
  readonly events: EventBus;
}

/** What a build is made of, whoever asks for it. */
export interface Making {
  readonly options: BuildOptions;
  readonly credentials: (registry: string) => Promise<Credentials>;
  /** What only the client can give: secrets and ssh agents. */
  readonly session: ClientSession | undefined;
  /** Receives a further context of the client into a file; undefined where it has none of that name. */
  context(name: string, spool: string, signal: AbortSignal): Promise<ContextTree | undefined>;
  /** Caches to look into; those of the options where it is not given. */
  readonly caches?: readonly CacheSource[];
  /** What another build came to, by the name that `options.contexts` has for it. */
  readonly result?: (source: string, platform: Platform) => StageState | undefined;
  /** Called once there is a folder to receive the context into. */
  prepare(folder: string, signal: AbortSignal): Promise<Prepared>;
}

/** The Dockerfile is in order and its context is here. */
export interface Prepared {
  readonly dockerfile: Dockerfile;
  readonly context: ContextTree;
  readonly report: BuildReport;
}

/** What a build came to. Its layers stay until it is released. */
export interface Made {
  /** One for every platform, this machine's or the first before the others. */
  readonly states: readonly [StageState, ...StageState[]];
  /** What was found in the cache or carried out. */
  readonly steps: readonly CacheEntry[];
  readonly layers: Layers;
  release(): Promise<void>;
}

/** A build of the classic API. */
export interface BuildCall extends Pick<Making, 'options' | 'credentials'> {
  /** The context as an archive. */
  readonly body: Readable;
  readonly session: (ClientSession & ContextSession) | undefined;
  /** Called when the Dockerfile is in order: from then on what fails is told in the stream. */
  readonly begin: () => Writable;
  /** Aborted when the client has gone. */
  readonly gone: AbortSignal;
}

export class Builder {
  readonly #parts: BuilderParts;
  readonly #folder: string;
  readonly cache: BuildCache;
  readonly cacheMounts: CacheMounts;
  /** Layers that running builds stand on or have made. */
  readonly #layers = new Set<Layers>();
  readonly #running = new Set<{ readonly abort: AbortController; readonly done: Promise<unknown> }>();

  constructor(parts: BuilderParts) {
    this.#parts = parts;
    this.#folder = join(parts.paths.images, 'builder');
    this.cache = new BuildCache(parts.host, parts.images, join(this.#folder, 'cache.json'));
    parts.images.keep(() => [...this.#layers].flatMap(({ held }) => held));
    this.cacheMounts = new CacheMounts(parts.host, join(this.#folder, 'mounts'));
  }

  /** Reads the cache, and clears away what builds have left that were cut short. */
  async open(): Promise<void> {
    const { host, paths, runtime } = this.#parts;
    await host.files.mkdir(this.#work, { recursive: true, mode: 0o700 });
    for (const id of await listIfExists(host.files, buildsFolder(paths))) {
      await runtime.call(id, ['delete', '--force']).catch((error: unknown) => debug('builder', () => messageOf(error)));
      const bundle = join(buildsFolder(paths), id);
      for (const place of ['rootfs', 'netns']) await host.kernel.unmount(join(bundle, place)).catch(() => undefined);
      await removeBundle(host, bundle);
    }
    for (const name of await listIfExists(host.files, this.#work)) await this.#clear(join(this.#work, name));
    await this.cache.open();
  }

  get #work(): string {
    return join(this.#folder, 'work');
  }

  /** Builds; resolves when the stream is complete. Rejects while the answer has not begun. */
  build(call: BuildCall): Promise<void> {
    return this.during(call.gone, (signal) => this.#classic(call, signal));
  }

  /** Does work that is over when the engine ends, or its client has gone: `signal` tells. */
  async during<T>(gone: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    const leave = (): void => abort.abort(new Error('Build cancelled'));
    gone.addEventListener('abort', leave, { once: true });
    if (gone.aborted) leave();
    const done = work(abort.signal);
    const running = { abort, done: done.catch(() => undefined) };
    this.#running.add(running);
    try {
      return await done;
    } finally {
      this.#running.delete(running);
      gone.removeEventListener('abort', leave);
    }
  }

  async #classic(call: BuildCall, signal: AbortSignal): Promise<void> {
    const { host } = this.#parts;
    const { options, session } = call;
    const tags = options.tags.map(tagOf);
    let told: { readonly out: Writable; readonly stream: BuildStream } | undefined;
    const prepare = async (folder: string): Promise<Prepared> => {
      const context = await this.#classicContext(call, join(folder, 'context'), signal);
      try {
        const source = await context.read(options.dockerfile, MAX_DOCKERFILE_BYTES);
        if (!source) throw badRequest(`Cannot locate specified Dockerfile: ${options.dockerfile}`);
        const dockerfile = parseDockerfile(source.toString('utf8'));
        await applyContextIgnore(context, options.dockerfile);
        const out = call.begin();
        const stream = new BuildStream(out, options.quiet);
        told = { out, stream };
        return { dockerfile, context, report: stream };
      } catch (error) {
        await context.close();
        throw error;
      }
    };
    const context = async (name: string, spool: string): Promise<ContextTree | undefined> => {
      const archive = await session?.context(name);
      return archive && ContextTree.receive(host, archive, spool);
    };
    try {
      const made = await this.make({ ...call, context, prepare }, signal);
      try {
        const images = await this.keep(made);
        for (const { ref, mode } of options.cacheTo) {
          told?.stream.note(`Exporting cache to ${ref}\n`);
          const target = await registryTarget({ ...this.#parts, credentials: call.credentials }, ref);
          await exportCache(this.#parts.images, made, mode, target);
        }
        await this.#tell(told?.stream, images, tags, options.quiet);
        told?.out.end();
      } finally {
        await made.release();
      }
    } catch (error) {
      if (!told) throw error;
      told.stream.flush();
      told.stream.line(failureLine(error));
      told.out.end();
    }
  }

  /** The context that comes with the request, or is to be fetched. */
  #classicContext({ options, body, session }: BuildCall, place: string, signal: AbortSignal): Promise<ContextTree> {
    const { host } = this.#parts;
    if (options.remote === '') return ContextTree.receive(host, body, place);
    const { keepGitFolder, remote: address, dockerfile: filename } = options;
    return fetchContext(host, { address, folder: place, filename, keepGitFolder, session, signal });
  }

  /** Carries a build out. What it came to has to be released. */
  async make(making: Making, signal: AbortSignal): Promise<Made> {
    const { host, images } = this.#parts;
    const folder = join(this.#work, randomBytes(8).toString('hex'));
    await host.files.mkdir(folder, { mode: 0o711 });
    const layers = new Layers(host, images, folder, signal);
    this.#layers.add(layers);
    let context: ContextTree | undefined;
    const release = async (): Promise<void> => {
      await context?.close();
      await layers.close();
      this.#layers.delete(layers);
      await this.#clear(folder);
      await this.cache.save();
    };
    try {
      const prepared = await making.prepare(folder, signal);
      context = prepared.context;
      const imports = await this.#imports(making, prepared.report);
      const steps = new StepCache(this.cache, imports.caches);
      const tools = { ...this.#parts, cache: steps, cacheImages: imports.images, cacheMounts: this.cacheMounts };
      const states: StageState[] = [];
      // One after the other: what they share is then in the cache.
      for (const platform of platformsOf(making.options, this.#parts.machine.imageArchitecture)) {
        const built = await runBuild(tools, making, { ...prepared, layers, signal, folder, platform });
        const epoch = making.options.args.get(EPOCH) ?? '';
        const state = epoch === '' ? built : asOf(built, epoch);
        layers.hold(state.chain);
        states.push(state);
      }
      return { states: states as [StageState, ...StageState[]], steps: steps.used, layers, release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  #imports({ options, credentials, caches }: Making, report: BuildReport): Promise<Imports> {
    const { images, registries, machine } = this.#parts;
    const sources = caches ?? classicSources(images, options.cacheFrom);
    const parts = { images, registries, credentials, architecture: machine.imageArchitecture };
    return importCaches(parts, sources, (text) => report.note(`[Warning] ${text}\n`));
  }

  /** Makes images of what a build came to, one for every platform. */
  async keep({ states: [first, ...others] }: Pick<Made, 'states'>): Promise<[Image, ...Image[]]> {
    const image = async (state: StageState): Promise<Image> =>
      state.image ?? this.#parts.images.addImage(imageDocument(state), state.chain);
    const images: [Image, ...Image[]] = [await image(first)];
    for (const state of others) images.push(await image(state));
    return images;
  }

  /** Gives a name to an image and those of the same for other platforms. */
  async tag([image, ...others]: readonly [Image, ...Image[]], tag: string): Promise<void> {
    await this.#parts.images.setReference(
      tag,
      image.id,
      others.map(({ id }) => id),
    );
    this.#parts.events.emit('image', 'tag', image.id, { name: tag });
  }

  async #tell(
    stream: BuildStream | undefined,
    images: readonly [Image, ...Image[]],
    tags: readonly string[],
    quiet: boolean,
  ): Promise<void> {
    const [image] = images;
    stream?.line({ aux: { ID: image.id } });
    if (quiet) stream?.line({ stream: `${image.id}\n` });
    else stream?.note(`Successfully built ${image.id.slice(7, 19)}\n`);
    for (const tag of tags) {
      await this.tag(images, tag);
      stream?.note(`Successfully tagged ${tag}\n`);
    }
  }

  /** Ends all builds. */
  async close(): Promise<void> {
    for (const { abort } of this.#running) abort.abort(new Error('the engine ends'));
    await Promise.all([...this.#running].map(({ done }) => done));
    await this.#parts.host.files.rmdir(buildsFolder(this.#parts.paths)).catch(() => undefined);
  }

  async #clear(folder: string): Promise<void> {
    const { host } = this.#parts;
    for (const name of await listIfExists(host.files, folder))
      if (name.startsWith('root-')) await host.kernel.unmount(join(folder, name));
    await host.files.rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}

/** The classic API means images that are here; windlass names registries as Compose files do: `type=registry,ref=name`. */
const classicSources = (images: ImageStore, named: readonly string[]): CacheSource[] =>
  named.flatMap((text) => {
    const isTyped = text.startsWith('type=');
    const reference = isTyped ? (/^type=registry,(?:.*,)?ref=([^,]+)/.exec(text)?.[1] ?? '') : text;
    const isWanted = isTyped ? reference !== '' : findImage(images, reference) !== undefined;
    return isWanted ? [{ type: 'registry', reference }] : [];
  });

/** What is built for, this machine's platform first. @throws ApiError */
function platformsOf({ platforms }: BuildOptions, architecture: string): (Platform | undefined)[] {
  if (platforms.length === 0) return [undefined];
  const own = platformText(parsePlatform('linux', architecture));
  const wanted = new Map(
    platforms.map((text) => {
      const platform = parsePlatform(text, architecture);
      if (platform.os !== 'linux') throw badRequest(`images for ${platform.os} cannot be built: "${text}"`);
      return [platformText(platform), platform];
    }),
  );
  return [...wanted.keys()].sort((a, b) => Number(b === own) - Number(a === own)).map((text) => wanted.get(text));
}

/** The name that an image gets. @throws ApiError */
export function tagOf(text: string): string {
  const reference = parseReference(text);
  if (!reference || reference.digest !== undefined)
    throw badRequest(`invalid tag ${JSON.stringify(text)}: invalid reference format`);
  return familiarTag(reference);
}

function failureLine(error: unknown): Record<string, unknown> {
  const message = messageOf(error);
  const status = error instanceof Error && 'exitStatus' in error ? { code: error.exitStatus } : {};
  return { errorDetail: { ...status, message }, error: message };
}
