// `/images/…`

import { messageOf } from '../../../errors.ts';
import { debug } from '../../../log.ts';
import { familiarName, familiarTag, parseReference } from '../../../registry/reference.ts';
import type { NativeEngine } from '../engine.ts';
import { loadArchive } from '../images/archive-load.ts';
import { applyChanges } from '../images/changes.ts';
import { hexOf } from '../images/digest.ts';
import { importArchive } from '../images/import.ts';
import { findImage, missingImage } from '../images/lookup.ts';
import { imagePlatform } from '../images/platforms.ts';
import type { Image } from '../images/store.ts';
import { timestamp } from '../names.ts';
import { badRequest, conflict, notServed } from './api-error.ts';
import type { Exchange } from './exchange.ts';
import { type Filters, parseFilters } from './filters.ts';
import { isTrue } from './query.ts';
import { pull } from './registry.ts';
import type { Routes } from './router.ts';

export function imageRoutes(engine: NativeEngine): Routes {
  const find = (name: string): Image => {
    const image = findImage(engine.images, name);
    if (!image) throw missingImage(name);
    return image;
  };
  return {
    'GET /images/json': (exchange) => exchange.reply(200, list(engine, exchange)),
    'POST /images/load': (exchange) => load(engine, exchange),
    'POST /images/create': (exchange) => create(engine, exchange),
    'POST /images/prune': (exchange) => prune(engine, exchange),
    'GET /images/{name+}/json': (exchange) => exchange.reply(200, inspect(engine, find(exchange.params.name ?? ''))),
    'GET /images/{name+}/history': async (exchange) =>
      exchange.reply(200, await history(engine, find(exchange.params.name ?? ''))),
    'POST /images/{name+}/tag': (exchange) => tag(engine, find(exchange.params.name ?? ''), exchange),
    'DELETE /images/{name+}': (exchange) => remove(engine, exchange.params.name ?? '', exchange),
  };
}

const FILTERS = ['dangling', 'label', 'label!', 'before', 'since', 'reference', 'until'];

function list(engine: NativeEngine, exchange: Exchange): unknown[] {
  const filters = parseFilters(exchange.query.get('filters'), FILTERS);
  return engine.images
    .images()
    .filter((image) => isListed(engine, image, filters, isTrue(exchange.query.get('all'))))
    .sort((a, b) => createdOf(b) - createdOf(a))
    .map((image) => ({
      Id: image.id,
      ParentId: '',
      RepoTags: namesThatFit(engine.images.tagsOf(image.id), filters),
      RepoDigests: filters.has('reference') ? [] : image.repoDigests,
      Created: createdOf(image),
      Size: image.size,
      SharedSize: -1,
      ...(exchange.version < 44 ? { VirtualSize: image.size } : {}),
      Labels: image.config.config?.Labels ?? null,
      Containers: -1,
      ...(isTrue(exchange.query.get('manifests')) ? { Manifests: platformsOf(engine, image) } : {}),
    }));
}

/** An image as the list has it where platforms are asked for: each that its names stand for. */
function platformsOf(engine: NativeEngine, image: Image): unknown[] {
  const named = engine.images.tagsOf(image.id).flatMap((name) => engine.images.imagesOf(name));
  return [...new Set([image, ...named])].map(({ id, config, layers, size }) => {
    const content = layers.reduce((sum, layer) => sum + layer.blobSize, 0);
    const { os, architecture, variant } = imagePlatform(config);
    return {
      ID: id,
      Descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: id, size: 0 },
      Available: true,
      Size: { Content: content, Total: content + size },
      Kind: 'image',
      ImageData: {
        Platform: { architecture, os, ...(variant === '' ? {} : { variant }) },
        Containers: engine.store.all().flatMap((record) => (record.imageId === id ? [record.id] : [])),
        Size: { Unpacked: size },
      },
    };
  });
}

/** What a name stands for beside another image is shown only where everything is asked for. */
function isListed(engine: NativeEngine, image: Image, filters: Filters, all: boolean): boolean {
  const tags = engine.images.tagsOf(image.id);
  const isVariant = tags.length === 0 && engine.images.isVariant(image.id);
  const dangling = filters.flag('dangling');
  const [before, since] = (['before', 'since'] as const).map((key) => {
    const name = filters.get(key)[0];
    const other = name === undefined ? undefined : findImage(engine.images, name);
    if (name !== undefined && !other) throw missingImage(name);
    return other;
  });
  return (
    (all || !isVariant) &&
    (dangling === undefined || dangling === (tags.length === 0 && !isVariant)) &&
    filters.labels('label', image.config.config?.Labels ?? {}) &&
    filters.withoutLabels(image.config.config?.Labels ?? {}) &&
    (!before || createdOf(image) < createdOf(before)) &&
    (!since || createdOf(image) > createdOf(since)) &&
    filters.any('reference', (pattern) => tags.some((name) => matchesReference(name, pattern)))
  );
}

/** A filter by reference leaves only the names that fit it. */
const namesThatFit = (tags: readonly string[], filters: Filters): string[] =>
  tags.filter((name) => filters.any('reference', (pattern) => matchesReference(name, pattern)));

/** Shell patterns against `name:tag` and `name`, where `*` stops at a slash. */
function matchesReference(name: string, pattern: string): boolean {
  const expression = new RegExp(
    `^${pattern
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replace(/\*/g, '[^/]*')
      .replace(/\?/g, '[^/]')}$`,
  );
  return expression.test(name) || expression.test(name.slice(0, name.lastIndexOf(':')));
}

const createdOf = (image: Image): number => Math.floor(Date.parse(image.config.created ?? '') / 1000) || 0;

function inspect(engine: NativeEngine, image: Image): unknown {
  const { config } = image;
  return {
    Id: image.id,
    RepoTags: engine.images.tagsOf(image.id),
    RepoDigests: image.repoDigests,
    Parent: '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Created: config.created ?? '',
    Container: '',
    DockerVersion: config.docker_version ?? '',
    Author: config.author ?? '',
    Config: config.config ?? {},
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    Size: image.size,
    VirtualSize: image.size,
    GraphDriver: { Name: 'overlay2', Data: { UpperDir: engine.images.layerDiff(config.rootfs.diff_ids.at(-1) ?? '') } },
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
    Metadata: { LastTagTime: engine.images.lastTagged(image.id) ?? '0001-01-01T00:00:00Z' },
  };
}

async function history(engine: NativeEngine, image: Image): Promise<unknown[]> {
  const sizes = await Promise.all(image.config.rootfs.diff_ids.map((diffId) => engine.images.layerSize(diffId)));
  const sized = (image.config.history ?? []).map((entry) => ({
    ...entry,
    size: entry.empty_layer ? 0 : (sizes.shift() ?? 0),
  }));
  return sized.reverse().map((entry, index) => ({
    Id: index === 0 ? image.id : '<missing>',
    Created: Math.floor(Date.parse(entry.created ?? '') / 1000) || 0,
    CreatedBy: entry.created_by ?? '',
    Tags: index === 0 ? engine.images.tagsOf(image.id) : null,
    Size: entry.size,
    Comment: entry.comment ?? '',
  }));
}

async function load(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const { imageArchitecture } = engine.machine;
  const loaded = await loadArchive(engine.host, engine.images, exchange.body, imageArchitecture);
  const response = exchange.stream(200, 'application/json');
  for (const { image, tags } of loaded) {
    const lines = tags.length > 0 ? tags.map((name) => `Loaded image: ${name}\n`) : [`Loaded image ID: ${image.id}\n`];
    for (const line of lines) response.write(`${JSON.stringify({ stream: line })}\r\n`);
    engine.events.emit('image', 'load', image.id, { name: tags[0] ?? image.id });
  }
  response.end();
}

/** Import (`fromSrc`) or pull (`fromImage`). */
async function create(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const source = query.get('fromSrc');
  if (source === null || source === '') return pull(engine, exchange);
  if (source !== '-') throw notServed('importing from an address');
  const name = query.get('repo') ?? '';
  const reference = name === '' ? undefined : parseReference(query.get('tag') ? `${name}:${query.get('tag')}` : name);
  if (name !== '' && !reference) throw badRequest(`invalid reference format: "${name}"`);
  const config = applyChanges({}, query.getAll('changes'));
  const message = query.get('message') ?? '';
  const options = { config, message, architecture: engine.machine.imageArchitecture, created: timestamp() };
  const image = await importArchive(engine.images, exchange.body, options);
  if (reference) await engine.images.setReference(familiarTag(reference), image.id);
  engine.events.emit('image', 'import', image.id, { name: reference ? familiarTag(reference) : image.id });
  exchange.stream(200, 'application/json').end(`${JSON.stringify({ status: image.id })}\r\n`);
}

async function tag(engine: NativeEngine, image: Image, exchange: Exchange): Promise<void> {
  const repository = exchange.query.get('repo') ?? '';
  const given = exchange.query.get('tag');
  const reference = parseReference(given ? `${repository}:${given}` : repository);
  if (!reference || reference.digest) throw badRequest(`invalid reference format: "${repository}"`);
  if (familiarName(reference) === 'sha256')
    throw badRequest('refusing to create an ambiguous tag using digest algorithm as name');
  const [, ...others] = namedImages(engine, exchange.params.name ?? '', image);
  await engine.images.setReference(
    familiarTag(reference),
    image.id,
    others.map(({ id }) => id),
  );
  engine.events.emit('image', 'tag', image.id, { name: familiarTag(reference) });
  exchange.reply(201);
}

/** An image, then those for other platforms that the name it was found by stands for. */
function namedImages(engine: NativeEngine, name: string, image: Image): readonly Image[] {
  const reference = parseReference(name);
  const named = reference && reference.digest === undefined ? engine.images.imagesOf(familiarTag(reference)) : [];
  return named[0] === image ? named : [image];
}

async function remove(engine: NativeEngine, name: string, exchange: Exchange): Promise<void> {
  const image = findImage(engine.images, name);
  if (!image) throw missingImage(name);
  const force = ['1', 'true'].includes(exchange.query.get('force') ?? '');
  const tags = engine.images.tagsOf(image.id);
  const reference = parseReference(name);
  const named = reference && tags.includes(familiarTag(reference)) ? familiarTag(reference) : undefined;
  const answer: Record<string, string>[] = [];
  const variants = tags.flatMap((which) => engine.images.imagesOf(which).slice(1));
  const untag = async (which: string): Promise<void> => {
    await engine.images.deleteReference(which);
    answer.push({ Untagged: which });
    engine.events.emit('image', 'untag', image.id, { name: which });
  };
  const digested = reference?.digest === undefined ? undefined : `${familiarName(reference)}@${reference.digest}`;
  if (named !== undefined && tags.length > 1) await untag(named);
  else if (digested !== undefined && tags.length > 0) {
    // It goes by other names: only this one is taken from it.
    await engine.images.deleteRepoDigest(image.id, digested);
    answer.push({ Untagged: digested });
    engine.events.emit('image', 'untag', image.id, { name: digested });
  } else {
    const users = engine.store.all().filter((record) => record.imageId === image.id);
    const short = hexOf(image.id).slice(0, 12);
    const user = users.find((record) => record.state.pid > 0) ?? users[0];
    if (user && (user.state.pid > 0 || !force))
      throw conflict(
        named === undefined || user.state.pid > 0
          ? `conflict: unable to delete ${short} (${user.state.pid > 0 ? 'cannot be forced' : 'must be forced'}) - image is being used by ${user.state.pid > 0 ? 'running' : 'stopped'} container ${user.id.slice(0, 12)}`
          : `conflict: unable to remove repository reference "${name}" (must force) - container ${user.id.slice(0, 12)} is using its referenced image ${short}`,
      );
    if (named === undefined && tags.length > 1 && !force)
      throw conflict(
        `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`,
      );
    for (const which of tags) await untag(which);
    if (users.length === 0) {
      const layers = await engine.images.deleteImage(image.id);
      answer.push({ Deleted: image.id }, ...layers.map((layer) => ({ Deleted: layer })));
      engine.events.emit('image', 'delete', image.id, { name: image.id });
    }
  }
  for (const { id } of variants) {
    if (!isUnused(engine, id)) continue;
    const layers = await engine.images.deleteImage(id);
    answer.push({ Deleted: id }, ...layers.map((layer) => ({ Deleted: layer })));
  }
  exchange.reply(200, answer);
}

/** No name stands for it, and no container is made of it. */
const isUnused = (engine: NativeEngine, id: string): boolean =>
  engine.images.get(id) !== undefined &&
  engine.images.tagsOf(id).length === 0 &&
  !engine.images.isVariant(id) &&
  !engine.store.all().some((record) => record.imageId === id);

async function prune(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const filters = parseFilters(exchange.query.get('filters'), ['dangling', 'label', 'label!', 'until']);
  const until = filters.until(Date.now());
  const onlyDangling = filters.flag('dangling') !== false;
  const deleted: Record<string, string>[] = [];
  let reclaimed = 0;
  const isVariant = ({ id }: Image): number => Number(engine.images.isVariant(id));
  for (const image of [...engine.images.images()].sort((a, b) => isVariant(a) - isVariant(b))) {
    const tags = engine.images.tagsOf(image.id);
    // What goes with the name that stands for it, comes after that.
    if (tags.length === 0 && engine.images.isVariant(image.id)) continue;
    if (onlyDangling && tags.length > 0) continue;
    if (engine.store.all().some((record) => record.imageId === image.id)) continue;
    const labels = image.config.config?.Labels ?? {};
    if (!filters.labels('label', labels) || !filters.withoutLabels(labels)) continue;
    if (until !== undefined && Date.parse(image.config.created ?? '') > until) continue;
    for (const name of tags) {
      await engine.images.deleteReference(name);
      deleted.push({ Untagged: name });
    }
    await engine.images.deleteImage(image.id).catch((error: unknown) => debug('images', () => messageOf(error)));
    deleted.push({ Deleted: image.id });
    reclaimed += image.size;
  }
  exchange.reply(200, { ImagesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimed });
}
