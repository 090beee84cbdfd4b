// What examples/images/build.sh asks of an engine, through the Docker Engine API: no docker command is needed. The engine is the
// one at DOCKER_HOST, else Docker's, else the native one.
//   key IMAGE                      prints the image's label windlass.example.key
//   load FILE      save IMAGE FILE
//   import IMAGE KEY               a root file system as tar on standard input
//   build FOLDER IMAGE KEY BASE    a folder with a Dockerfile
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { enginePlace } from '../src/engine/native-place.ts';
import { call, callProgress, inspectImage } from './ground/engine-api.ts';

const LABEL = 'windlass.example.key';
const DOCKER = '/var/run/docker.sock';
const host = process.env.DOCKER_HOST || `unix://${existsSync(DOCKER) ? DOCKER : enginePlace({}, process.env).socket}`;

/** `repository:tag` → its two parts. */
function parts(image: string): { readonly repo: string; readonly tag: string } {
  const colon = image.lastIndexOf(':');
  return { repo: image.slice(0, colon), tag: image.slice(colon + 1) };
}

async function save(image: string, file: string): Promise<void> {
  const answer = await call(host, { method: 'GET', path: `/images/${image}/get` });
  if (answer.statusCode !== 200) throw new Error(`cannot save ${image}: the engine answered ${answer.statusCode}`);
  await pipeline(answer, createWriteStream(file, { mode: 0o600 }));
}

async function build(folder: string, image: string, key: string, base: string): Promise<void> {
  const context = spawn('tar', ['-C', folder, '--numeric-owner', '-cf', '-', '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const query = {
    t: image,
    rm: '1',
    buildargs: JSON.stringify({ BASE: base }),
    labels: JSON.stringify({ [LABEL]: key }),
  };
  await callProgress(host, { method: 'POST', path: '/build', query, body: context.stdout });
}

const [verb, ...words] = process.argv.slice(2);
const [first = '', second = '', third = '', fourth = ''] = words;
try {
  switch (verb) {
    case 'key':
      console.log((await inspectImage(host, first))?.Config.Labels?.[LABEL] ?? '');
      break;
    case 'load':
      await callProgress(host, {
        method: 'POST',
        path: '/images/load',
        query: { quiet: '1' },
        body: createReadStream(first),
      });
      break;
    case 'save':
      await save(first, second);
      break;
    case 'import': {
      const changes = [`LABEL ${LABEL}=${second}`, 'CMD ["bash"]'];
      const query = { fromSrc: '-', ...parts(first), changes };
      await callProgress(host, { method: 'POST', path: '/images/create', query, body: process.stdin });
      break;
    }
    case 'build':
      await build(first, second, third, fourth);
      break;
    default:
      throw new Error(`unknown verb "${verb}"`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
