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
import type { Image, ImageStore } from '../images/store.ts';
import { badRequest } from '../server/api-error.ts';
import { runBuild } from './build.ts';
import { BuildCache } from './cache.ts';
import { applyContextIgnore } from './context-ignore.ts';
import { MAX_DOCKERFILE_BYTES } from './dockerfile/lexer.ts';
import { parseDockerfile } from './dockerfile/parse.ts';
import { ContextTree } from './files/context-tree.ts';
import { Layers } from './layers.ts';
import { BuildStream } from './output.ts';
import type { BuildOptions } from './request.ts';
import { CacheMounts } from './run/cache-mounts.ts';
import { buildsFolder, type RunParts, removeBundle } from './run/container.ts';
import type { ClientSession } from './session.ts';

export interface BuilderParts extends RunParts {
  readonly images: ImageStore;
  readonly registries: Registries;
  readonly events: EventBus;
}

export interface BuildCall {
  readonly options: BuildOptions;
  /** The context as an archive. */
  readonly body: Readable;
  readonly credentials: (registry: string) => Promise<Credentials>;
  readonly session: ClientSession | undefined;
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
      await runtime.call('delete', '--force', id).catch((error: unknown) => debug('builder', () => messageOf(error)));
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
  async build(call: BuildCall): Promise<void> {
    const abort = new AbortController();
    const leave = (): void => abort.abort(new Error('Build cancelled'));
    call.gone.addEventListener('abort', leave, { once: true });
    const done = this.#build(call, abort.signal);
    const running = { abort, done: done.catch(() => undefined) };
    this.#running.add(running);
    try {
      await done;
    } finally {
      this.#running.delete(running);
      call.gone.removeEventListener('abort', leave);
    }
  }

  async #build(call: BuildCall, signal: AbortSignal): Promise<void> {
    const { host, images } = this.#parts;
    const { options } = call;
    const tags = options.tags.map(tagOf);
    const folder = join(this.#work, randomBytes(8).toString('hex'));
    await host.files.mkdir(folder, { mode: 0o711 });
    const layers = new Layers(host, images, folder);
    this.#layers.add(layers);
    let context: ContextTree | undefined;
    try {
      context = await ContextTree.receive(host, call.body, join(folder, 'context'));
      const source = await context.read(options.dockerfile, MAX_DOCKERFILE_BYTES);
      if (!source) throw badRequest(`Cannot locate specified Dockerfile: ${options.dockerfile}`);
      const dockerfile = parseDockerfile(source.toString('utf8'));
      await applyContextIgnore(context, options.dockerfile);
      const out = call.begin();
      const stream = new BuildStream(out, options.quiet);
      try {
        const image = await runBuild({ ...this.#parts, cache: this.cache, cacheMounts: this.cacheMounts }, call, {
          ...{ dockerfile, context, layers, stream, signal, folder },
        });
        await this.#told(stream, image, tags, options.quiet);
      } catch (error) {
        stream.flush();
        stream.line(failureLine(error));
      }
      out.end();
    } finally {
      await context?.close();
      await layers.close();
      this.#layers.delete(layers);
      await this.#clear(folder);
      await this.cache.save();
    }
  }

  async #told(stream: BuildStream, image: Image, tags: readonly string[], quiet: boolean): Promise<void> {
    stream.line({ aux: { ID: image.id } });
    if (quiet) stream.line({ stream: `${image.id}\n` });
    else stream.text(`Successfully built ${image.id.slice(7, 19)}\n`);
    for (const tag of tags) {
      await this.#parts.images.setReference(tag, image.id);
      this.#parts.events.emit('image', 'tag', image.id, { name: tag });
      stream.text(`Successfully tagged ${tag}\n`);
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

function tagOf(text: string): string {
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
