// Where what a build came to goes: into the image store, to registries, or to the client.
import { messageOf } from '../../../../errors.ts';
import { badRequest } from '../../server/api-error.ts';
import type { Made } from '../builder.ts';
import type { SessionConnection } from '../session-connection.ts';
import { type Exporter, imageExport } from './exporter-options.ts';
import { sendArchive, sendFolder, sendStream } from './folder-sender.ts';
import { archiveImages, exportImages, type ImageParts } from './image-exporter.ts';
import type { Progress, Vertex } from './progress.ts';
import { type SplitParts, withRoot } from './result-root.ts';

export interface ExportParts extends ImageParts, SplitParts {
  /** The client's session. */
  session(): Promise<SessionConnection>;
}

type Kind = (
  parts: ExportParts,
  made: Made,
  exporter: Exporter,
  facts: Facts,
) => Promise<Readonly<Record<string, string>>>;

interface Facts {
  readonly vertex: Vertex;
  /** Its place among the exporters: the client tells them apart by it. */
  readonly index: number;
}

const KINDS: Readonly<Record<string, { readonly title: string; readonly run: Kind }>> = {
  // The types that mean the image store; Docker's own, BuildKit's, and a shorthand for one that is pushed.
  moby: { title: 'exporting to image', run: asImages },
  image: { title: 'exporting to image', run: asImages },
  registry: { title: 'exporting to image', run: asImages },
  oci: { title: 'exporting to oci image format', run: asArchive },
  docker: { title: 'exporting to docker image format', run: asArchive },
  local: { title: 'exporting to client directory', run: asFolder },
  tar: { title: 'exporting to client tarball', run: asTar },
};
const FILE_SEND = '/moby.filesync.v1.FileSend/DiffCopy';

/** What every exporter has to be, looked at before anything is built. @throws ApiError */
export function checkExporters(exporters: readonly Exporter[]): void {
  for (const exporter of exporters) {
    if (!Object.hasOwn(KINDS, exporter.type))
      throw badRequest(
        `exporter "${exporter.type}" is not supported by the windlass native engine: ${Object.keys(KINDS).sort().join(', ')}`,
      );
    imageExport(exporter);
    if (['0', 'false'].includes(exporter.attributes.get('tar') ?? ''))
      throw badRequest('tar=false is not supported by the windlass native engine: unpack the archive');
    const mode = exporter.attributes.get('mode') || 'copy';
    if (exporter.type === 'local' && mode !== 'copy')
      throw badRequest(`mode=${mode} of exporter "local" is not supported by the windlass native engine`);
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
  for (const [index, exporter] of exporters.entries()) {
    const kind = KINDS[exporter.type];
    if (!kind) continue;
    const said = await during(progress.vertex(kind.title), (vertex) =>
      kind.run(parts, made, exporter, { vertex, index }),
    );
    for (const [name, value] of Object.entries(said)) told.set(name, value);
  }
  return told;
}

function asImages(parts: ExportParts, made: Made, exporter: Exporter, { vertex }: Facts): ReturnType<Kind> {
  return exportImages(parts, made, imageExport(exporter), vertex);
}

async function asArchive(parts: ExportParts, made: Made, exporter: Exporter, facts: Facts): ReturnType<Kind> {
  const wanted = { ...imageExport(exporter), forDocker: exporter.type === 'docker' };
  const call = await fileSend(parts, facts);
  return archiveImages(parts, made, wanted, async (archive) => {
    await sendStream(archive, call);
    facts.vertex.part('sending tarball', { done: true });
  });
}

async function asFolder(parts: ExportParts, made: Made, exporter: Exporter, facts: Facts): ReturnType<Kind> {
  await withRoot(parts, made, exporter.attributes, async (root) =>
    sendFolder(parts.host, root, await fileSend(parts, facts)),
  );
  facts.vertex.part('copying files', { done: true });
  return {};
}

async function asTar(parts: ExportParts, made: Made, exporter: Exporter, facts: Facts): ReturnType<Kind> {
  await withRoot(parts, made, exporter.attributes, async (root) =>
    sendArchive(parts.host, root, await fileSend(parts, facts)),
  );
  facts.vertex.part('sending tarball', { done: true });
  return {};
}

const fileSend = async (parts: ExportParts, { index }: Facts): Promise<Parameters<typeof sendStream>[1]> =>
  (await parts.session()).call(FILE_SEND, { 'buildkit-attachable-exporter-id': String(index) });

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
