// Files into and out of containers, as tar streams.
import type { Readable } from 'node:stream';
import { record, text } from '../../json.ts';
import type { Engine, PathStat } from '../engine.ts';
import { http, stream as streams } from './builtin.ts';
import { type About, ask, type Client, container } from './client.ts';
import { fromWords, toEngineError } from './failures.ts';
import { absentAsUndefined } from './observe.ts';

type Verbs = Pick<Engine, 'putArchive' | 'getArchive' | 'statPath' | 'exportContainer'>;

export function archiveVerbs(client: Client): Verbs {
  const statPath: Verbs['statPath'] = (id, path, signal) =>
    absentAsUndefined(
      ask(client, { verb: 'statPath', resource: `${container(id)} at "${path}"`, signal }, async (docker) => {
        const answer: unknown = await docker.getContainer(encodeURIComponent(id)).infoArchive({ path });
        if (!(answer instanceof http().IncomingMessage))
          throw new TypeError('the answer to a HEAD request is a response');
        answer.resume();
        return pathStat(answer.headers['x-docker-container-path-stat']);
      }),
    );
  return {
    async putArchive(id, path, archive, options, signal) {
      const about = { verb: 'putArchive', resource: `${container(id)} at "${path}"`, signal };
      // Podman makes the folder.
      if (client.kind === 'podman' && path !== '/' && (await statPath(id, path, signal)) === undefined)
        throw fromWords(`could not find the file ${path} in ${container(id)}`, {
          ...about,
          endpoint: client.endpoint,
          status: 404,
        });
      await ask(client, about, async (docker) => {
        const body = archive instanceof streams().Readable ? archive : Buffer.from(archive);
        const query = { path, ...(options?.copyUidGid === true ? { copyUIDGID: '1' } : {}) };
        await docker.getContainer(encodeURIComponent(id)).putArchive(body, query);
      });
    },
    getArchive(id, path, signal) {
      const about = { verb: 'getArchive', resource: `${container(id)} at "${path}"`, signal };
      return ask(client, about, async (docker) =>
        whole(client, about, await docker.getContainer(encodeURIComponent(id)).getArchive({ path })),
      );
    },
    statPath,
    exportContainer(id, signal) {
      const about = { verb: 'exportContainer', resource: container(id), signal };
      return ask(client, about, async (docker) =>
        whole(client, about, await docker.getContainer(encodeURIComponent(id)).export()),
      );
    },
  };
}

/** The stream of an answer: a connection that breaks in the middle comes out as the verb's failure. */
function whole(client: Client, about: About, answer: NodeJS.ReadableStream): Readable {
  const source: AsyncIterable<string | Buffer> = answer;
  return streams().Readable.from(guardedWhole(client, about, source), { objectMode: false });
}

async function* guardedWhole<T>(client: Client, about: About, source: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (error) {
    throw toEngineError(error, { ...about, endpoint: client.endpoint });
  }
}

/** Bits of Go's file mode, which the engine sends: a directory and a symbolic link. */
const [DIRECTORY, SYMLINK, ANY_TYPE] = [0x8000_0000, 0x0800_0000, 0x8f28_0000];

/** The header holds JSON in base64. */
function pathStat(header: string | readonly string[] | undefined): PathStat {
  const stat = record(JSON.parse(Buffer.from(String(header ?? ''), 'base64').toString()));
  const mode = Number(stat.mode ?? 0);
  // Not with `&`: the topmost bit would make it negative.
  const has = (bits: number): boolean => (BigInt(mode) & BigInt(bits)) !== 0n;
  // Podman gives the path of what is no link as its target.
  const kind = has(DIRECTORY) ? 'directory' : has(SYMLINK) ? 'symlink' : has(ANY_TYPE) ? 'other' : 'file';
  return {
    name: text(stat.name),
    size: Number(stat.size ?? 0),
    kind,
    linkTarget: kind === 'symlink' ? text(stat.linkTarget) : '',
  };
}
