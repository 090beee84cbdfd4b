// Which Docker Engine tests use: one that answers, or a private one.
import { request } from 'node:http';
import { ensurePackages, FOR_AN_ENGINE, FOR_NATIVE, ON_AN_ENGINE } from './debian-packages.ts';
import { callJson } from './engine-api.ts';
import { type PrivateEngine, startPrivateEngine } from './private-engine.ts';

const DEFAULT_SOCKET = 'unix:///var/run/docker.sock';

/** Whether a Docker Engine answers there. A Unix socket has five seconds to answer. */
export async function engineAnswers(host: string): Promise<boolean> {
  if (!host.startsWith('unix://'))
    return callJson(host, { method: 'GET', path: '/version' }).then(
      () => true,
      () => false,
    );
  return new Promise((resolve) => {
    const asked = request({ socketPath: host.slice('unix://'.length), path: '/_ping', timeout: 5000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

/** Address of the engine at DOCKER_HOST or the default socket; undefined where none answers. */
export async function findEngine(): Promise<string | undefined> {
  const named = process.env.DOCKER_HOST ?? '';
  const host = named === '' ? DEFAULT_SOCKET : named;
  return (await engineAnswers(host)) ? host : undefined;
}

/** Installs what is missing for tests, all at once: more where no engine answers. */
export async function ensureEnginePackages(): Promise<void> {
  const own = (await findEngine()) === undefined ? FOR_AN_ENGINE : [];
  await ensurePackages([...new Set([...own, ...ON_AN_ENGINE, ...FOR_NATIVE])]);
}

/** The engine that answers, or a private one that ends with this process. */
export async function findOrStartEngine(): Promise<Pick<PrivateEngine, 'host' | 'stop'>> {
  const host = await findEngine();
  if (host !== undefined) return { host, stop: () => Promise.resolve() };
  console.log(`No Docker Engine answers at ${process.env.DOCKER_HOST || DEFAULT_SOCKET}: starting a private one.`);
  return startPrivateEngine();
}
