// Calls of the Docker Engine API for scripts: images in and out, where no docker command need be installed.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { configDirectory } from '../../src/docker-config.ts';
import { openWire } from '../../src/engine/client/agents.ts';
import { parseAddress } from '../../src/engine/client/target.ts';
import { tlsFromDirectory } from '../../src/engine/client/tls.ts';

const DEADLINE_MS = 900_000;

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  /** A tar archive. */
  readonly body?: Readable;
  readonly json?: unknown;
  /** Milliseconds for the whole of it; a quarter of an hour unless given. */
  readonly deadline?: number;
}

/** The answer, whatever its status; to be read to its end. */
export async function call(
  host: string,
  { method, path, query = {}, body, json, deadline = DEADLINE_MS }: Call,
): Promise<IncomingMessage> {
  const directory = configDirectory(process.env);
  const verify = (process.env.DOCKER_TLS_VERIFY ?? '') !== '';
  const tls = verify ? tlsFromDirectory(process.env.DOCKER_CERT_PATH || directory, true) : undefined;
  const wire = await openWire({ address: parseAddress(host), configDirectory: directory, tls });
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])),
  );
  const send = wire.request ?? httpRequest;
  return new Promise((resolve, reject) => {
    const asked = send(
      {
        ...wire.options,
        agent: wire.agent(),
        method,
        path: `${wire.pathPrefix ?? ''}${path}${search.size > 0 ? `?${search}` : ''}`,
        signal: AbortSignal.timeout(deadline),
        ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/x-tar' } }),
        ...(json === undefined ? {} : { headers: { 'Content-Type': 'application/json' } }),
      },
      (answer) => {
        answer.once('close', () => wire.close());
        resolve(answer);
      },
    );
    asked.once('error', (error) => {
      wire.close();
      reject(error);
    });
    if (body === undefined) asked.end(json === undefined ? undefined : JSON.stringify(json));
    else body.once('error', (error) => asked.destroy(error)).pipe(asked);
  });
}

/** The answer's JSON; undefined for "not found". Any other failure throws the engine's own words. */
export async function callJson(host: string, request: Call): Promise<unknown> {
  const answer = await call(host, request);
  const text = Buffer.concat(await answer.toArray()).toString();
  if (answer.statusCode === 404) return undefined;
  if ((answer.statusCode ?? 500) >= 400) throw new Error(refusal(request, text));
  return text.trim() === '' ? undefined : JSON.parse(text);
}

/** Reads a stream of progress to its end; an error told in it throws, with what was said before. */
export async function callProgress(host: string, request: Call): Promise<void> {
  const answer = await call(host, request);
  const text = Buffer.concat(await answer.toArray()).toString();
  if ((answer.statusCode ?? 500) >= 400) throw new Error(refusal(request, text));
  const messages = text.split('\n').flatMap((line) => {
    if (line.trim() === '') return [];
    return [JSON.parse(line) as { stream?: string; error?: string }];
  });
  const failed = messages.find(({ error }) => error !== undefined);
  if (failed === undefined) return;
  const said = messages.map(({ stream }) => stream ?? '').join('');
  throw new Error(`${said.split('\n').slice(-40).join('\n')}\n${failed.error}`);
}

function refusal({ method, path }: Call, text: string): string {
  try {
    return String((JSON.parse(text) as { message?: string }).message);
  } catch {
    return `${method} ${path} was refused: ${text.slice(0, 500)}`;
  }
}

export interface ImageFacts {
  readonly Config: { readonly Labels: Readonly<Record<string, string>> | null };
}

export const inspectImage = async (host: string, image: string): Promise<ImageFacts | undefined> =>
  (await callJson(host, { method: 'GET', path: `/images/${image}/json` })) as ImageFacts | undefined;

/** All names of images. */
export async function imageTags(host: string): Promise<string[]> {
  const images = (await callJson(host, { method: 'GET', path: '/images/json' })) as { RepoTags: string[] | null }[];
  return images.flatMap(({ RepoTags }) => RepoTags ?? []);
}

/** Fine when it is gone already. */
export const removeImage = async (host: string, image: string): Promise<void> =>
  void (await callJson(host, { method: 'DELETE', path: `/images/${image}`, query: { force: '1' } }));
