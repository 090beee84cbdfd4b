// An image straight from its registry, for a platform that the engine at hand does not have it for.
import type { RegistryClient } from '../../registry/client.ts';
import { BundleError } from './bundle-error.ts';
import { decodeJson } from './decode-bundle.ts';
import { type PlainImage, plainImage } from './image-archive.ts';
import { isPlatform } from './platforms.ts';
import type { Spool, Spooled } from './spool.ts';

/** Fetches `version` (tag or digest) of a repository for a platform. Every digest is checked. */
export async function fetchImage(
  client: RegistryClient,
  version: string,
  name: string,
  platform: string,
  spool: Spool,
): Promise<PlainImage> {
  let { text } = await client.manifest(version);
  const index = decodeJson(text, `the manifest of ${name}`);
  if (index.find('manifests') !== undefined) {
    const found = index
      .get('manifests')
      .list((entry) => ({ digest: entry.get('digest').text(), platform: platformOf(entry.find('platform')) }))
      .find((entry) => entry.platform !== undefined && isPlatform(entry.platform, platform));
    if (found === undefined) throw notThere(name, platform);
    ({ text } = await client.manifest(found.digest));
  }
  const manifest = decodeJson(text, `the manifest of ${name}`);
  const blob = async (digest: string): Promise<Spooled> => {
    const known = await spool.find(digest);
    if (known !== undefined) return known;
    const { stream } = await client.blob(digest);
    const spooled = await spool.put(stream as AsyncIterable<Uint8Array>);
    if (spooled.digest !== digest) throw new BundleError(`the registry's ${digest} has digest ${spooled.digest}`);
    return spooled;
  };
  const config = await blob(manifest.get('config').get('digest').text());
  const layers: Spooled[] = [];
  for (const digest of manifest.get('layers').list((layer) => layer.get('digest').text()))
    layers.push(await blob(digest));
  const image = await plainImage(config, layers, [], spool);
  if (!isPlatform(image.platform, platform)) throw notThere(name, platform);
  return image;
}

function platformOf(value: ReturnType<typeof decodeJson> | undefined): string | undefined {
  if (value === undefined) return undefined;
  const variant = value.find('variant')?.text();
  return [value.get('os').text(), value.get('architecture').text(), ...(variant ? [variant] : [])].join('/');
}

const notThere = (name: string, platform: string): BundleError =>
  new BundleError(`there is no image "${name}" for ${platform} in its registry`, {
    hint: 'leave that platform out, or name an image that has it',
  });
