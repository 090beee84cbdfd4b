// Image references pinned to the digests that the registry gives for them: `config --resolve-image-digests`.
import { WindlassError } from '../errors.ts';
import type { Project } from '../model.ts';
import type { CommandContext } from './context.ts';

/** The project with every service's image pinned. */
export async function pinProject(context: CommandContext, project: Project): Promise<Project> {
  const entries = await Promise.all(
    Object.entries(project.services).map(async ([name, service]) => {
      if (!service.image) return [name, service] as const;
      return [name, { ...service, image: await pin(context, service.image) }] as const;
    }),
  );
  return { ...project, services: Object.fromEntries(entries) };
}

/** The same for a tree that is no project yet; `imagesOnly` leaves nothing but the images in it. */
export async function pinTree(
  context: CommandContext,
  tree: unknown,
  { imagesOnly }: { readonly imagesOnly: boolean },
): Promise<unknown> {
  const { services = {}, ...rest } = tree as { services?: Record<string, Record<string, unknown>> };
  const entries = await Promise.all(
    Object.entries(services).map(async ([name, service]) => {
      const pinned = typeof service.image === 'string' ? { image: await pin(context, service.image) } : {};
      return [name, imagesOnly ? pinned : { ...service, ...pinned }] as const;
    }),
  );
  return { ...(imagesOnly ? {} : rest), services: Object.fromEntries(entries) };
}

/** `nginx:1.27` → `docker.io/library/nginx:1.27@sha256:…`; a reference that has a digest keeps it. */
async function pin(context: CommandContext, image: string): Promise<string> {
  if (image.includes('$'))
    throw new WindlassError('IMAGE_REFERENCE', `"${image}" is no image reference: its variables are not substituted`, {
      hint: 'leave out --no-interpolate to pin images',
    });
  const full = fullReference(image);
  if (full.includes('@')) return full;
  const engine = await context.engine();
  return `${full}@${await engine.resolveDigest(full, context.signal)}`;
}

/** With registry and tag spelled out. A tag beside a digest says nothing and goes. */
export function fullReference(image: string): string {
  const [name = '', digest] = image.split('@');
  const [, path = name, tag] = /^(.*?)(?::([^:/]+))?$/.exec(name) ?? [];
  const [first = '', ...others] = path.split('/');
  const hasRegistry = others.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const repository = hasRegistry ? others.join('/') : path;
  const registry = hasRegistry ? first.replace(/^index\.docker\.io$/, 'docker.io') : 'docker.io';
  const full = `${registry}/${registry === 'docker.io' && !repository.includes('/') ? 'library/' : ''}${repository}`;
  return digest === undefined ? `${full}:${tag ?? 'latest'}` : `${full}@${digest}`;
}
