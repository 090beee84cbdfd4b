// Images: look up, pull, push, tag, remove, and the digest a registry gives.
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { DockerConfig } from '../../docker-config.ts';
import { EngineError, messageOf } from '../../errors.ts';
import { record, text } from '../../json.ts';
import { credentialsFor, type RegistryAuth, registryOf } from '../../registry/credentials.ts';
import type { Engine, PullProgress } from '../engine.ts';
import { type About, ask, askStream, type Client, look } from './client.ts';
import { splitReference } from './containers.ts';
import { fromWords, interruption } from './failures.ts';
import type { Call } from './modem.ts';
import { jsonLines } from './ndjson.ts';
import { absentAsUndefined } from './observe.ts';
import { observedImage } from './observed.ts';
import { guarded } from './streams.ts';

type Verbs = Pick<
  Engine,
  | 'findImage'
  | 'listImages'
  | 'pullImage'
  | 'pushImage'
  | 'tagImage'
  | 'removeImage'
  | 'resolveDigest'
  | 'saveImages'
  | 'loadImages'
>;

export function imageVerbs(client: Client, config: DockerConfig): Verbs {
  const image = (docker: Docker, reference: string): Docker.Image => docker.getImage(pathOf(reference));
  return {
    async findImage(reference, signal) {
      const about = { verb: 'findImage', resource: `image "${reference}"`, signal };
      const found = await absentAsUndefined(
        look<Docker.ImageInspectInfo>(client, about, `/images/${pathOf(reference)}/json`),
      );
      return found === undefined ? undefined : observedImage(found);
    },
    async listImages(label, signal) {
      const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
      const about = { verb: 'listImages', resource: `images with label "${label}"`, signal };
      const found = await look<Docker.ImageInfo[]>(client, about, `/images/json?filters=${filters}`);
      return found.map((image) => ({
        id: image.Id,
        tags: image.RepoTags ?? [],
        digests: image.RepoDigests ?? [],
        createdAt: image.Created,
        size: image.Size,
        labels: image.Labels ?? {},
      }));
    },
    async pullImage(reference, options, signal) {
      const about = { verb: 'pullImage', resource: `image "${reference}"`, signal };
      const auth = await credentials(client, config, reference, signal);
      const query = {
        ...pullQuery(reference),
        ...(options.platform === undefined ? {} : { platform: options.platform }),
      };
      const stream = await askStream(
        client,
        about,
        (docker) => docker.createImage(auth ?? {}, query) as Promise<Readable>,
      );
      await follow(client, about, stream, options.onProgress);
    },
    async pushImage(reference, options, signal) {
      const about = { verb: 'pushImage', resource: `image "${reference}"`, signal };
      const auth = await credentials(client, config, reference, signal);
      const { repo, tag } = splitReference(reference);
      // The engine refuses a push without the header, even to a registry that needs no credentials.
      const query = { tag: tag === '' ? 'latest' : tag, authconfig: auth ?? {} };
      const stream = await askStream(client, about, (docker) => image(docker, repo).push(query) as Promise<Readable>);
      await follow(client, about, stream, options.onProgress);
    },
    tagImage: (source, target, signal) =>
      ask(client, { verb: 'tagImage', resource: `image "${source}" as "${target}"`, signal }, async (docker) => {
        const { repo, tag } = splitReference(target);
        await image(docker, source).tag({ repo, tag: tag === '' ? 'latest' : tag });
      }),
    async removeImage(reference, options, signal) {
      const about = { verb: 'removeImage', resource: `image "${reference}"`, signal };
      const remove = (name: string): Promise<void> =>
        ask(client, about, async (docker) => {
          await image(docker, name).remove({ force: options.force });
        });
      await absentAsUndefined(
        remove(reference).catch(async (error: unknown) => {
          if (client.kind !== 'podman' || !/tag not known/.test(messageOf(error))) throw error;
          // Podman cannot take a digest's name away, only the whole image: which is right where it has no other name.
          const { Id, RepoTags } = await ask(client, about, (docker) => image(docker, reference).inspect());
          if ((RepoTags ?? []).length > 0) throw error;
          await remove(Id);
        }),
      );
    },
    saveImages: (references, signal) =>
      // dockerode asks for one image at a time, and layers that images share would come as often.
      exchange(client, aboutImage('saveImages', references.join(', '), signal), {
        ...{ path: '/images/get?', method: 'GET', options: { names: references } },
      }),
    async loadImages(archive, signal) {
      const loading = { verb: 'loadImages', resource: 'image archive', signal };
      const call = { path: '/images/load?', method: 'POST', file: archive, options: { quiet: '1' } };
      await follow(client, loading, await exchange(client, loading, call), undefined);
    },
    async resolveDigest(reference, signal) {
      const about = { verb: 'resolveDigest', resource: `image "${reference}"`, signal };
      // Podman has no such call: its "not found" would be taken for the image's.
      if (client.kind === 'podman') throw noDigests(about.resource);
      const authconfig = await credentials(client, config, reference, signal);
      const answer = record(
        await ask(client, about, (docker) =>
          image(docker, reference).distribution(authconfig === undefined ? undefined : { authconfig }),
        ),
      );
      const digest = text(record(answer.Descriptor).digest);
      if (digest === '') throw fromWords('the registry gave no digest', { ...about, endpoint: client.endpoint });
      return digest;
    },
  };
}

const noDigests = (resource: string): EngineError =>
  new EngineError(`cannot resolve the digest of ${resource}: Podman's API does not offer it`, {
    ...{ kind: 'unsupported', verb: 'resolveDigest', resource },
    hint: 'use a Docker Engine for this, or ask with: skopeo inspect docker://…',
  });

const aboutImage = (verb: string, reference: string, signal: AbortSignal | undefined): About => ({
  verb,
  resource: `image "${reference}"`,
  signal,
});

/** One request of our own; the answer comes as a stream. */
function exchange(
  client: Client,
  about: About,
  call: Pick<Call, 'path' | 'method' | 'options' | 'file'>,
): Promise<Readable> {
  return ask(
    client,
    about,
    () =>
      new Promise((resolve, reject) => {
        const whole: Call = { ...call, isStream: true, statusCodes: { 200: true }, abortSignal: about.signal };
        client.modem.dial(whole, (error, data) => (error === null ? resolve(data as Readable) : reject(error)));
      }),
  );
}

/** Slashes are part of the engine's paths; everything else that is special in a URL is not. */
const pathOf = (reference: string): string => reference.split('/').map(encodeURIComponent).join('/');

const credentials = (
  client: Client,
  config: DockerConfig,
  reference: string,
  signal: AbortSignal | undefined,
): Promise<RegistryAuth | undefined> => credentialsFor(registryOf(reference), config, client.host, signal);

/** Without a tag the engine would pull every tag; `latest` is what is meant. */
function pullQuery(reference: string): { fromImage: string; tag: string } {
  const at = reference.indexOf('@');
  if (at >= 0) return { fromImage: splitReference(reference).repo, tag: reference.slice(at + 1) };
  const { repo, tag } = splitReference(reference);
  return { fromImage: repo, tag: tag === '' ? 'latest' : tag };
}

/** Reads a transfer to its end. The engine reports failure inside the stream, under status 200. */
async function follow(
  client: Client,
  about: About,
  stream: Readable,
  onProgress: ((progress: PullProgress) => void) | undefined,
): Promise<void> {
  for await (const line of guarded(client, about, jsonLines(stream))) {
    const message = record(line);
    const failure = text(record(message.errorDetail).message) || text(message.error);
    if (failure !== '') throw fromWords(failure, { ...about, endpoint: client.endpoint });
    const { current, total } = record(message.progressDetail);
    onProgress?.({
      layer: text(message.id),
      status: text(message.status),
      ...(typeof current === 'number' ? { current } : {}),
      ...(typeof total === 'number' && total > 0 ? { total } : {}),
    });
  }
  if (about.signal?.aborted === true) throw interruption(about.signal);
}
