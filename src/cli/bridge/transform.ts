// A transformation image makes of the project what it likes: it finds the model in /in and writes to /out, as docker compose
// bridge's do. It runs with the user's own id, and is gone afterwards.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleaningUp } from '../../cleaning-up.ts';
import type { Engine } from '../../engine/engine.ts';
import { WindlassError } from '../../errors.ts';
import { makeFolder } from '../../make-folder.ts';
import type { Mount, Project, Service } from '../../model.ts';
import { builtImageName } from '../../names.ts';
import { renderProject } from '../../spec/render.ts';
import type { CommandContext } from '../context.ts';
import { contentsOf } from './contents.ts';

export const DEFAULT_TRANSFORMATION = 'docker/compose-bridge-kubernetes';

export interface TransformOptions {
  readonly folder: string;
  /** Empty: docker compose bridge's own. */
  readonly images: readonly string[];
  readonly templates?: string;
}

/** Resolves with the exit code of the first transformation that fails, or 0. */
export async function transform(
  context: CommandContext,
  project: Project,
  { folder, images, templates }: TransformOptions,
): Promise<number> {
  if (context.globals.dryRun) return 0;
  const engine = await context.engine(project.name);
  const input = await mkdtemp(join(tmpdir(), 'windlass-bridge-'));
  try {
    await writeFile(join(input, 'compose.yaml'), await modelText(project), { mode: 0o600 });
    await makeFolder(folder);
    const volumes = [bind(input, '/in'), bind(folder, '/out'), ...(templates ? [bind(templates, '/templates')] : [])];
    for (const image of images.length === 0 ? [DEFAULT_TRANSFORMATION] : images) {
      const code = await runTransformation(context, engine, image, volumes);
      if (code !== 0)
        throw new WindlassError('BRIDGE_TRANSFORMATION', `transformation "${image}" ended with status ${code}`);
    }
    return 0;
  } finally {
    await rm(input, { recursive: true, force: true });
  }
}

const bind = (source: string, target: string): Mount => ({ type: 'bind', source, target, bind: {} });

/** The canonical model with what transformations look for: image names, exposed ports, contents. */
async function modelText(project: Project): Promise<string> {
  const contents = await contentsOf(project);
  const services = Object.entries(project.services).map(([name, service]): [string, Service] => {
    const ports = (service.ports ?? []).map(({ target }) => String(target));
    const expose = [...new Set([...(service.expose ?? []), ...ports])];
    return [
      name,
      {
        ...service,
        image: service.image ?? builtImageName(project.name, name),
        ...(expose.length > 0 ? { expose } : {}),
      },
    ];
  });
  const withContents = (objects: Project['configs'], found: Readonly<Record<string, Buffer>>) =>
    Object.fromEntries(
      Object.entries(objects).map(([key, { environment: _, ...object }]) => {
        const content = found[key]?.toString();
        return [key, { ...object, ...(content === undefined ? {} : { content }) }];
      }),
    );
  return renderProject(
    {
      ...project,
      services: Object.fromEntries(services),
      configs: withContents(project.configs, contents.configs),
      secrets: withContents(project.secrets, contents.secrets),
    },
    'yaml',
  );
}

async function runTransformation(
  context: CommandContext,
  engine: Engine,
  image: string,
  volumes: readonly Mount[],
): Promise<number> {
  const { signal, io } = context;
  const id = await createFrom(
    engine,
    image,
    { volumes, environment: { LICENSE_AGREEMENT: 'true' }, user: String(process.getuid?.() ?? '') },
    signal,
  );
  return cleaningUp(
    async () => {
      const streams = await engine.attach(id, { stdin: false, logs: true }, signal);
      for (const name of ['stdout', 'stderr'] as const)
        streams[name].setEncoding('utf8').on('data', (text: string) => io[name].write(text));
      const ended = engine.waitContainer(id, signal, 'next-exit');
      // Where the start fails nobody awaits it.
      ended.catch(() => {});
      await engine.startContainer(id, signal);
      const code = await ended;
      streams.close();
      return code;
    },
    () => engine.removeContainer(id, { force: true, volumes: true }),
  );
}

/** A container of an image that is no service's; the image is pulled where it is missing. */
export async function createFrom(
  engine: Engine,
  image: string,
  settings: Partial<Service>,
  signal: AbortSignal,
): Promise<string> {
  if (!(await engine.findImage(image, signal))) await engine.pullImage(image, {}, signal);
  return engine.createContainer(
    {
      name: '',
      service: { name: 'bridge', command: null, entrypoint: null, ...settings },
      image,
      labels: {},
      attachments: [],
      volumeNames: {},
      inheritedVolumes: {},
      fileMounts: [],
    },
    signal,
  );
}
