// Where what a build came to goes: into the image store, or to the client.
import { messageOf } from '../../../../errors.ts';
import { familiarTag, parseReference } from '../../../../registry/reference.ts';
import type { NativeHost } from '../../host.ts';
import type { Image } from '../../images/store.ts';
import { badRequest } from '../../server/api-error.ts';
import { type Builder, type Made, tagOf } from '../builder.ts';
import type { SessionConnection } from '../session-connection.ts';
import { sendArchive, sendFolder } from './folder-sender.ts';
import type { Progress, Vertex } from './progress.ts';

export interface Exporter {
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** The types that mean the image store; with Docker's own the image of a single platform is all that they make. */
const IMAGE_TYPES = new Set(['moby', 'image', 'docker']);

/** The types that send the files to the client. */
const SENDERS: Readonly<Record<string, { readonly send: typeof sendFolder; readonly title: string }>> = {
  local: { send: sendFolder, title: 'copying files' },
  tar: { send: sendArchive, title: 'sending tarball' },
};
const FILE_SEND = '/moby.filesync.v1.FileSend/DiffCopy';

export interface ExportParts {
  readonly builder: Builder;
  readonly host: NativeHost;
  /** The client's session. */
  session(): Promise<SessionConnection>;
}

/** What every exporter has to be, looked at before anything is built. @throws ApiError */
export function checkExporters(exporters: readonly Exporter[]): void {
  for (const { type, attributes } of exporters) {
    if (!IMAGE_TYPES.has(type) && !Object.hasOwn(SENDERS, type))
      throw badRequest(
        `exporter "${type}" is not supported by the windlass native engine: it keeps images, or sends files (local, tar)`,
      );
    for (const name of namesOf(attributes)) tagOf(name);
  }
}

/** Hands a result to the exporters. Returns what the client is told of it. */
export async function exportResult(
  parts: ExportParts,
  progress: Progress,
  made: Made,
  exporters: readonly Exporter[],
): Promise<ReadonlyMap<string, string>> {
  const told = new Map<string, string>();
  for (const [index, { type, attributes }] of exporters.entries()) {
    const sender = Object.hasOwn(SENDERS, type) ? SENDERS[type] : undefined;
    if (sender) {
      await during(
        progress.vertex(`exporting to client ${type === 'local' ? 'directory' : 'tarball'}`),
        async (vertex) => {
          const call = (await parts.session()).call(FILE_SEND, { 'buildkit-attachable-exporter-id': String(index) });
          await sender.send(parts.host, await made.layers.root(made.state.chain), call);
          vertex.part(sender.title, { done: true });
        },
      );
      continue;
    }
    const image = await keepImage(parts.builder, progress, made, namesOf(attributes));
    told.set('containerimage.digest', image.id).set('containerimage.config.digest', image.id);
    const names = attributes.get('name') ?? '';
    if (names !== '') told.set('image.name', names);
  }
  return told;
}

function keepImage(builder: Builder, progress: Progress, made: Made, names: readonly string[]): Promise<Image> {
  return during(progress.vertex('exporting to image'), async (vertex) => {
    const image = await builder.keep(made);
    vertex.part(`writing image ${image.id}`, { done: true });
    for (const name of names) {
      await builder.tag(image, tagOf(name));
      vertex.part(`naming to ${fullName(name)}`, { done: true });
    }
    return image;
  });
}

async function during<T>(vertex: Vertex, work: (vertex: Vertex) => Promise<T>): Promise<T> {
  try {
    const outcome = await work(vertex);
    vertex.done();
    return outcome;
  } catch (error) {
    vertex.done({ error: messageOf(error) });
    throw error;
  }
}

const namesOf = (attributes: ReadonlyMap<string, string>): string[] =>
  (attributes.get('name') ?? '').split(',').filter((name) => name !== '');

function fullName(name: string): string {
  const reference = parseReference(name);
  if (!reference) return name;
  const tag = familiarTag(reference).split(':').at(-1) ?? '';
  return `${reference.registry}/${reference.repository}:${tag}`;
}
