// BuildKit's Dockerfile frontend: attributes and a client's folders → a build.
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { messageOf, scrub } from '../../../../errors.ts';
import { ignoreLines } from '../../../../ignore-rules.ts';
import type { Credentials } from '../../../../registry/auth.ts';
import type { Registries } from '../../../../registry/registries.ts';
import type { NativeHost } from '../../host.ts';
import { platformOf, platformText } from '../../images/platforms.ts';
import type { ImageStore } from '../../images/store.ts';
import { badRequest } from '../../server/api-error.ts';
import type { Builder, Made, Making, Prepared } from '../builder.ts';
import { applyContextIgnore } from '../context-ignore.ts';
import { MAX_DOCKERFILE_BYTES } from '../dockerfile/lexer.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { ContextTree } from '../files/context-tree.ts';
import { parseGitSource } from '../remote/git-source.ts';
import { fetchContext } from '../remote/remote-context.ts';
import type { SessionConnection } from '../session-connection.ts';
import { type Attributes, frontendRequest, type Sources } from './attributes.ts';
import { type FolderPart, receiveClientFolder } from './client-folders.ts';
import { contextPaths } from './context-paths.ts';
import type { Job, Jobs } from './jobs.ts';
import type { Vertex } from './progress.ts';
import { cacheSources } from './remote-caches.ts';
import { VertexReport } from './report.ts';

export interface FrontendParts {
  readonly builder: Builder;
  readonly host: NativeHost;
  readonly images: ImageStore;
  readonly registries: Registries;
  readonly jobs: Jobs;
  /** The session of an id, waited for. */
  session(id: string, signal: AbortSignal): Promise<SessionConnection>;
}

const IGNORE_FILE = '.dockerignore';
const MAX_IGNORE_BYTES = 1024 * 1024;
/** A Dockerfile and its ignore file: what is asked for by name needs no more. */
const SMALL = { maxBytes: 16 * 1024 * 1024, maxEntries: 10_000 };

/** What a build is asked for with. */
export interface FrontendInput {
  readonly attributes: Attributes;
  /** Definitions of results of other builds. */
  readonly inputs: ReadonlyMap<string, Buffer>;
  /** The context as an archive that came along with the request, instead of being put up in the session. */
  readonly archive?: Readable;
  /** Credentials that came along, asked before the session. */
  readonly credentials?: (registry: string) => Credentials;
}

/** Builds what the attributes ask for. */
export async function solveDockerfile(parts: FrontendParts, job: Job, input: FrontendInput): Promise<Made> {
  const { attributes, inputs } = input;
  const request = frontendRequest(attributes, inputs);
  const own = job.session === '' ? undefined : await parts.session(job.session, job.signal);
  const receiver = new Receiver(parts, job, { ...request.sources, archive: input.archive }, own);
  const making: Making = {
    options: request.options,
    credentials: async (registry) => {
      const sent = input.credentials?.(registry) ?? {};
      return Object.keys(sent).length > 0 ? sent : ((await own?.credentials(registry)) ?? {});
    },
    session: own,
    caches: cacheSources(attributes, async () => own),
    result: (source, platform) => {
      const states = parts.jobs.result(source.replace(/^result:/, ''))?.states;
      return (
        states?.find(
          (state) =>
            platformText(platformOf(state.os, state.architecture, state.variant ?? '')) === platformText(platform),
        ) ?? states?.[0]
      );
    },
    context: (name, spool) => receiver.further(name, spool),
    prepare: (folder) => receiver.prepare(folder, request.options),
  };
  return parts.builder.make(making, job.signal);
}

class Receiver {
  readonly #parts: FrontendParts;
  readonly #job: Job;
  readonly #sources: Sources & { readonly archive: Readable | undefined };
  readonly #own: SessionConnection | undefined;

  constructor(
    parts: FrontendParts,
    job: Job,
    sources: Sources & { readonly archive: Readable | undefined },
    own: SessionConnection | undefined,
  ) {
    this.#parts = parts;
    this.#job = job;
    this.#sources = sources;
    this.#own = own;
  }

  /** The Dockerfile and the main context. */
  async prepare(folder: string, options: Making['options']): Promise<Prepared> {
    const { context, dockerfile, filename } = this.#sources;
    const uploaded =
      'upload' in context
        ? await this.#uploaded(context.upload, join(folder, 'context'))
        : 'address' in context
          ? await this.#fetched(context.address, join(folder, 'context'), options)
          : undefined;
    try {
      const definition = this.#job.progress.vertex(`[internal] load build definition from ${filename}`);
      const read = await this.#during(definition, async () => {
        const own = dockerfile === undefined ? undefined : await this.#definition(dockerfile, folder, definition);
        const tree = own ?? uploaded;
        try {
          const text = await readDockerfile(tree, filename);
          const ignore = await own?.read(`${filename}${'.dockerignore'}`, MAX_IGNORE_BYTES);
          return { dockerfile: parseDockerfile(text), ignore };
        } finally {
          await own?.close();
        }
      });
      const report = new VertexReport(this.#job.progress, definition);
      if (uploaded) {
        await applyContextIgnore(uploaded, filename);
        return { dockerfile: read.dockerfile, context: uploaded, report };
      }
      const name = 'folder' in context ? context.folder : '';
      const without = read.ignore ? linesOf(read.ignore) : await this.#ignored(name, join(folder, 'ignore'));
      const only = contextPaths(read.dockerfile, options, this.#parts.images);
      const tree = await this.#main(name, join(folder, 'context'), { without, ...(only ? { only } : {}) });
      return { dockerfile: read.dockerfile, context: tree, report };
    } catch (error) {
      await uploaded?.close();
      throw error;
    }
  }

  /** A further context, without what its ignore file names. */
  async further(name: string, spool: string): Promise<ContextTree> {
    const without = await this.#ignored(name, `${spool}-ignore`);
    return this.#load(`[context ${name}] load from client`, name, spool, { without });
  }

  #main(name: string, spool: string, part: FolderPart): Promise<ContextTree> {
    // Nothing is copied: no need to ask.
    if (part.only?.length === 0) return ContextTree.filled(this.#parts.host, spool, () => Promise.resolve());
    return this.#load('[internal] load build context', name, spool, part);
  }

  async #definition(name: string, folder: string, vertex: Vertex): Promise<ContextTree> {
    const { filename } = this.#sources;
    const only = [filename, `${filename}${IGNORE_FILE}`, lowerCase(filename)];
    return this.#receive(name, join(folder, 'definition'), vertex, { only, limits: SMALL });
  }

  async #ignored(name: string, spool: string): Promise<string[]> {
    const only = [IGNORE_FILE];
    const tree = await this.#load(`[internal] load ${IGNORE_FILE}`, name, spool, { only, limits: SMALL });
    try {
      const file = await tree.read(IGNORE_FILE, MAX_IGNORE_BYTES);
      return file ? linesOf(file) : [];
    } finally {
      await tree.close();
    }
  }

  #load(title: string, name: string, spool: string, part: FolderPart): Promise<ContextTree> {
    const vertex = this.#job.progress.vertex(title);
    return this.#during(vertex, () => this.#receive(name, spool, vertex, part));
  }

  async #receive(name: string, spool: string, vertex: Vertex, part: FolderPart): Promise<ContextTree> {
    const { host, session } = this.#parts;
    const { signal } = this.#job;
    const other = this.#sources.sessions.get(name);
    const serving = other === undefined ? this.#own : await session(other, signal);
    if (!serving) throw badRequest(`the build has no session that could give the folder "${name}"`);
    return receiveClientFolder(host, { ...part, name, session: serving, spool, vertex, signal });
  }

  #uploaded(path: string, spool: string): Promise<ContextTree> {
    const vertex = this.#job.progress.vertex('[internal] load remote build context');
    return this.#during(vertex, async () => {
      const archive = this.#sources.archive ?? (await this.#own?.upload(path));
      if (!archive) throw badRequest('the build has no session that could give its context');
      return ContextTree.receive(this.#parts.host, archive, spool);
    });
  }

  #fetched(address: string, folder: string, { keepGitFolder }: Making['options']): Promise<ContextTree> {
    const vertex = this.#job.progress.vertex(
      `[internal] load ${parseGitSource(address) ? 'git source' : 'remote build context'} ${scrub(address)}`,
    );
    const [session, signal] = [this.#own, this.#job.signal];
    const { filename } = this.#sources;
    return this.#during(vertex, () =>
      fetchContext(this.#parts.host, { address, folder, filename, keepGitFolder, session, signal }),
    );
  }

  async #during<T>(vertex: Vertex, work: () => Promise<T>): Promise<T> {
    try {
      const outcome = await work();
      vertex.done();
      return outcome;
    } catch (error) {
      vertex.done({ error: messageOf(error) });
      throw error;
    }
  }
}

const linesOf = (file: Buffer): string[] => ignoreLines(file.toString('utf8'));

/** `Dockerfile` may be written in lower case. */
const lowerCase = (filename: string): string =>
  basename(filename) === 'Dockerfile' ? join(dirname(filename), 'dockerfile') : filename;

async function readDockerfile(tree: ContextTree | undefined, filename: string): Promise<string> {
  const source =
    (await tree?.read(filename, MAX_DOCKERFILE_BYTES)) ?? (await tree?.read(lowerCase(filename), MAX_DOCKERFILE_BYTES));
  if (!source) throw badRequest(`failed to read dockerfile: open ${filename}: no such file or directory`);
  return source.toString('utf8');
}
