// What an exporter of images is asked for, by attribute. Pure.
import type { Annotations, PackOptions } from '../../images/manifests.ts';
import { type Platform, parsePlatform, platformText } from '../../images/platforms.ts';
import { badRequest } from '../../server/api-error.ts';
import { tagOf } from '../builder.ts';

export interface Exporter {
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

export interface ImageExport {
  /** As they were written. */
  readonly names: readonly string[];
  readonly push: boolean;
  /** Pushed, it gets no tag. */
  readonly byDigest: boolean;
  /** It is kept in the engine. */
  readonly store: boolean;
  readonly pack: Omit<PackOptions, 'annotations'>;
  readonly annotations: AnnotationSet;
}

/** @throws ApiError for what this engine has not. */
export function imageExport({ type, attributes }: Exporter): ImageExport {
  const isOn = (name: string, fallback = false): boolean => {
    const value = attributes.get(name);
    if (value === undefined || value === '') return fallback;
    if (/^(?:1|t|true)$/i.test(value)) return true;
    if (/^(?:0|f|false)$/i.test(value)) return false;
    throw badRequest(`non-bool value specified for ${name}: "${value}"`);
  };
  const names = (attributes.get('name') ?? '').split(',').filter((name) => name !== '');
  const byDigest = isOn('push-by-digest');
  for (const name of names) tagOf(name);
  const push = isOn('push') || type === 'registry';
  if (push && names.length === 0) throw badRequest('tag is needed when pushing to registry: give the image a name');
  const compression = attributes.get('compression') || 'gzip';
  if (compression !== 'gzip' && compression !== 'uncompressed')
    throw badRequest(
      `compression "${compression}" is not supported by the windlass native engine: gzip or uncompressed`,
    );
  if (isOn('rewrite-timestamp'))
    throw badRequest('rewrite-timestamp=true is not supported by the windlass native engine: files keep their times');
  const annotations = annotationSet(attributes);
  return {
    ...{ names, push, byDigest, store: isOn('store', true), annotations },
    // Docker's types have no room for annotations.
    pack: { oci: isOn('oci-mediatypes', type === 'oci' || annotations.some), compression },
  };
}

/** Annotations by where they go. */
export interface AnnotationSet {
  readonly some: boolean;
  readonly index: Annotations;
  readonly indexDescriptor: Annotations;
  manifest(platform: Platform): Annotations;
  manifestDescriptor(platform: Platform): Annotations;
}

const KEY = /^annotation(?:-([a-z-]+))?(?:\[([A-Za-z0-9_/-]+)\])?\.(\S+)$/;
const PLACES = ['manifest', 'manifest-descriptor', 'index', 'index-descriptor'];

/** `annotation.key`, `annotation-index.key`, `annotation-manifest[linux/arm64].key`. @throws ApiError */
function annotationSet(attributes: ReadonlyMap<string, string>): AnnotationSet {
  const found = [...attributes].flatMap(([attribute, value]) => {
    const [, place = 'manifest', platform = '', key = ''] = KEY.exec(attribute) ?? [];
    if (key === '') return [];
    if (!PLACES.includes(place)) throw badRequest(`unrecognized annotation type ${place}`);
    return [{ place, platform: platform === '' ? '' : platformText(parsePlatform(platform, '')), key, value }];
  });
  const of = (place: string, platform = ''): Annotations =>
    Object.fromEntries(
      found
        .filter((one) => one.place === place && (one.platform === '' || one.platform === platform))
        .map(({ key, value }) => [key, value]),
    );
  return {
    some: found.length > 0,
    index: of('index'),
    indexDescriptor: of('index-descriptor'),
    manifest: (platform) => of('manifest', platformText(platform)),
    manifestDescriptor: (platform) => of('manifest-descriptor', platformText(platform)),
  };
}
