// `/images/create?fromImage=`, `/images/{name}/push`, `/images/{name}/get`, `/images/get`, `/distribution/{name}/json`.

import type { ServerResponse } from 'node:http';
import { send } from '../../../drained.ts';
import { messageOf } from '../../../errors.ts';
import { type Credentials, parseRegistryAuth } from '../../../registry/auth.ts';
import { RegistryError } from '../../../registry/client.ts';
import {
  DEFAULT_REGISTRY,
  familiarName,
  familiarTag,
  parseReference,
  type Reference,
} from '../../../registry/reference.ts';
import type { NativeEngine } from '../engine.ts';
import { type SavedImage, saveArchive } from '../images/archive-save.ts';
import { findImage, missingImage } from '../images/lookup.ts';
import { parsePlatform } from '../images/platforms.ts';
import { namePulled, pullImage, resolveManifest } from '../images/pull.ts';
import { pushImage } from '../images/push.ts';
import { ApiError, badRequest } from './api-error.ts';
import { AUTH, bodyOf } from './body.ts';
import type { Exchange } from './exchange.ts';
import type { Routes } from './router.ts';

export function registryRoutes(engine: NativeEngine): Routes {
  return {
    'POST /images/{name+}/push': (exchange) => push(engine, exchange),
    'GET /images/{name+}/get': (exchange) => save(engine, [exchange.params.name ?? ''], exchange),
    'GET /images/get': (exchange) => save(engine, exchange.query.getAll('names'), exchange),
    'POST /auth': (exchange) => authenticate(engine, exchange),
    'GET /distribution/{name+}/json': async (exchange) => {
      const reference = referenceOf(exchange.params.name ?? '', undefined);
      const request = { reference, platform: undefined, architecture: engine.machine.imageArchitecture };
      const { result } = await answering(
        engine.registries.reading(reference, credentialsOf(exchange), (client) => resolveManifest(client, request)),
      );
      const { manifest, digest } = result;
      exchange.reply(200, {
        Descriptor: { mediaType: manifest.mediaType, digest, size: Buffer.byteLength(manifest.text) },
        Platforms: [{ architecture: engine.machine.imageArchitecture, os: 'linux' }],
      });
    },
  };
}

function referenceOf(name: string, tag: string | undefined): Reference {
  const separator = tag?.startsWith('sha256:') ? '@' : ':';
  const reference = parseReference(tag ? `${name}${separator}${tag}` : name);
  if (!reference) throw badRequest('invalid reference format');
  return reference;
}

const credentialsOf = (exchange: Exchange): Credentials => {
  const header = exchange.headers['x-registry-auth'];
  return parseRegistryAuth(Array.isArray(header) ? header[0] : header);
};

/** `docker login`: asks the registry whether it takes the credentials; the client keeps them, not the engine. */
async function authenticate(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const request = await bodyOf<Credentials & { readonly serveraddress?: string }>(exchange, AUTH);
  const address = (request.serveraddress ?? '').replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  const registry = ['', 'index.docker.io', 'registry-1.docker.io'].includes(address) ? DEFAULT_REGISTRY : address;
  try {
    await engine.registries.login(registry, request);
  } catch (error) {
    if (error instanceof RegistryError)
      throw new ApiError(error.status === 401 ? 401 : 500, error.message, { cause: error });
    throw error;
  }
  exchange.reply(200, { Status: 'Login Succeeded', IdentityToken: '' });
}

/** A registry's refusal becomes the status that Docker would answer with. */
async function answering<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof RegistryError)
      throw new ApiError(error.status === 404 ? 404 : 500, error.message, { cause: error });
    throw error;
  }
}

const writeLine = (response: ServerResponse, line: object): void => {
  response.write(`${JSON.stringify(line)}\r\n`);
};

const writeFailure = (response: ServerResponse, error: unknown): void =>
  writeLine(response, { errorDetail: { message: messageOf(error) }, error: messageOf(error) });

/** Pulls `fromImage`. What fails before the first byte is an error status; later it is a line of the stream. */
export async function pull(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const given = referenceOf(query.get('fromImage') ?? '', query.get('tag') || undefined);
  const reference = given.tag === undefined && given.digest === undefined ? { ...given, tag: 'latest' } : given;
  const architecture = engine.machine.imageArchitecture;
  const platform = query.get('platform') || undefined;
  if (platform !== undefined) parsePlatform(platform, architecture); // told before anybody is asked
  const request = { reference, platform, architecture };
  // A pull is its client's: who goes ends it.
  const { sources, result: resolved } = await answering(
    engine.registries.reading(
      reference,
      credentialsOf(exchange),
      (candidate) => resolveManifest(candidate, request),
      exchange.gone,
    ),
  );
  const response = exchange.stream(200, 'application/json');
  const label = reference.digest ?? reference.tag ?? 'latest';
  writeLine(response, { status: `Pulling from ${reference.repository}`, id: label });
  try {
    const { image, fresh } = await pullImage(engine.host, engine.images, sources, resolved, reference, (line) =>
      writeLine(response, line),
    );
    await namePulled(engine.images, reference, image);
    const name =
      reference.digest === undefined ? familiarTag(reference) : `${familiarName(reference)}@${reference.digest}`;
    writeLine(response, { status: `Digest: ${resolved.digest}` });
    writeLine(response, { status: `Status: ${fresh ? 'Downloaded newer image' : 'Image is up to date'} for ${name}` });
    engine.events.emit('image', 'pull', name, {
      name: familiarName(reference),
      ...(image.config.config?.Labels ?? {}),
    });
  } catch (error) {
    writeFailure(response, error);
  }
  response.end();
}

async function push(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const reference = referenceOf(exchange.params.name ?? '', exchange.query.get('tag') || undefined);
  const tagged = familiarTag(reference);
  const image = findImage(engine.images, tagged);
  const client = await answering(engine.registries.client(reference, credentialsOf(exchange), exchange.gone));
  const response = exchange.stream(200, 'application/json');
  writeLine(response, { status: `The push refers to repository [${reference.registry}/${reference.repository}]` });
  // As in Docker, this is told in the stream, which has begun.
  if (!image || !engine.images.tagsOf(image.id).includes(tagged)) {
    writeFailure(response, new Error(`An image does not exist locally with the tag: ${familiarName(reference)}`));
    response.end();
    return;
  }
  try {
    const { digest, size } = await pushImage(engine.images, client, engine.images.imagesOf(tagged), reference, (line) =>
      writeLine(response, line),
    );
    const tag = reference.tag ?? 'latest';
    writeLine(response, { status: `${tag}: digest: ${digest} size: ${size}` });
    writeLine(response, { progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: size } });
    engine.events.emit('image', 'push', tagged, { name: familiarName(reference) });
  } catch (error) {
    writeFailure(response, error);
  }
  response.end();
}

async function save(engine: NativeEngine, names: readonly string[], exchange: Exchange): Promise<void> {
  const wanted = new Map<string, SavedImage>();
  for (const name of names.flatMap((text) => text.split(','))) {
    const image = findImage(engine.images, name);
    if (!image) throw missingImage(name);
    const reference = parseReference(name);
    const tags = engine.images.tagsOf(image.id);
    // A name saves that name; an id saves the image without one.
    const own = reference && tags.includes(familiarTag(reference)) ? [familiarTag(reference)] : [];
    const others = own.flatMap((tag) => engine.images.imagesOf(tag).slice(1));
    const known = wanted.get(image.id);
    wanted.set(image.id, {
      image,
      tags: [...new Set([...(known?.tags ?? []), ...own])],
      others: [...new Set([...(known?.others ?? []), ...others])],
    });
  }
  const response = exchange.stream(200, 'application/x-tar');
  for await (const chunk of saveArchive(engine.images, [...wanted.values()])) {
    if (exchange.gone.aborted) return;
    await send(response, chunk);
  }
  response.end();
}
