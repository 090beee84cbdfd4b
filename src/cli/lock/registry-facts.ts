// What registries say of images now: digests, platforms, tags.
import { realHost } from '../../host.ts';
import { openRepository, type Repository } from '../../remote/registry-access.ts';
import type { LockedImage } from '../../shipping/lock/lock-file.ts';
import type { CommandContext } from '../context.ts';

export type ImageFacts = Pick<LockedImage, 'digest' | 'platforms'>;

interface IndexDocument {
  readonly manifests?: readonly {
    readonly digest: string;
    readonly platform?: { readonly os?: string; readonly architecture?: string; readonly variant?: string };
  }[];
  readonly config?: { readonly digest: string };
}

/** The digest of a tag, and of each platform behind it. */
export async function imageFacts(context: CommandContext, reference: string): Promise<ImageFacts> {
  const { client, version } = await repository(context, reference);
  const { digest, text } = await client.manifest(version);
  const document = JSON.parse(text) as IndexDocument;
  if (document.manifests === undefined) return { digest, platforms: { [await platformOf(client, document)]: digest } };
  const platforms: Record<string, string> = {};
  // Attestations stand beside the images, for a platform "unknown".
  for (const { digest: one, platform } of document.manifests)
    if (platform?.os !== undefined && platform.os !== 'unknown') platforms[platformText(platform)] ??= one;
  return { digest, platforms };
}

export async function tagsOf(context: CommandContext, reference: string): Promise<readonly string[]> {
  const { client } = await repository(context, reference);
  return client.tags();
}

export const repository = (context: CommandContext, reference: string): Promise<Repository> =>
  openRepository(reference, {
    host: realHost,
    env: context.env,
    insecure: context.globals.insecureRegistries,
    signal: context.signal,
  });

async function platformOf(client: Repository['client'], { config }: IndexDocument): Promise<string> {
  if (config === undefined) return 'unknown';
  const { stream } = await client.blob(config.digest);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return platformText(
    JSON.parse(Buffer.concat(chunks).toString()) as { os?: string; architecture?: string; variant?: string },
  );
}

const platformText = ({
  os = '',
  architecture = '',
  variant,
}: {
  os?: string;
  architecture?: string;
  variant?: string;
}): string => [os, architecture, ...(variant ? [variant] : [])].join('/');

/** Runs over all items, a few at a time; the results in the items' order. */
export async function inParallel<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await run(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(6, items.length) }, worker));
  return results;
}
