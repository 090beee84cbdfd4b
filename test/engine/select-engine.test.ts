import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type Candidate,
  type NativeStarter,
  NoEngineError,
  type Selection,
  type SelectOptions,
  selectEngine,
} from '../../src/engine/select-engine.ts';
import { WindlassError } from '../../src/errors.ts';
import { engineServer, json } from '../support/engine-server.ts';

function configFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-select-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function select(env: Readonly<Record<string, string>>, more: Partial<SelectOptions> = {}): Promise<Selection> {
  const selection = await selectEngine({ env: { DOCKER_CONFIG: configFolder(), ...env }, ...more });
  onTestFinished(() => selection.engine.close());
  return selection;
}

const refusal = async (
  env: Readonly<Record<string, string>>,
  more: Partial<SelectOptions> = {},
): Promise<NoEngineError> => {
  const error: unknown = await select(env, more).catch((reason: unknown) => reason);
  if (!(error instanceof NoEngineError)) throw error;
  return error;
};

const outcomes = (candidates: readonly Candidate[]): string[] =>
  candidates.map(({ source, outcome }) => `${source}: ${outcome}`);

describe('the engine', () => {
  it('is the one DOCKER_HOST names', async () => {
    const { socket } = await engineServer({});
    const { engine, candidates } = await select({ DOCKER_HOST: `unix://${socket}` });
    expect(engine.endpoint).toBe(`unix://${socket}`);
    expect(outcomes(candidates)[0]).toBe('DOCKER_HOST: taken');
    expect(candidates.slice(1).every(({ outcome }) => outcome === 'not tried')).toBe(true);
  });

  it('is never another one when DOCKER_HOST does not answer', async () => {
    const error = await refusal({ DOCKER_HOST: 'unix:///no/such.sock' });
    expect(error.message).toMatch(/^DOCKER_HOST: no engine answers at unix:\/\/\/no\/such.sock/);
    expect(outcomes(error.candidates)).toEqual(['DOCKER_HOST: refused']);
  });

  it('is the one the current docker context names', async () => {
    const { socket } = await engineServer({});
    const folder = configFolder();
    const meta = join(folder, 'contexts', 'meta', createHash('sha256').update('mine').digest('hex'));
    mkdirSync(meta, { recursive: true });
    writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Endpoints: { docker: { Host: `unix://${socket}` } } }));
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ currentContext: 'mine' }));
    const { candidates } = await select({ DOCKER_CONFIG: folder });
    expect(outcomes(candidates)[0]).toBe('docker context "mine": taken');
    const byVariable = await select({ DOCKER_CONFIG: folder, DOCKER_CONTEXT: 'mine' });
    expect(outcomes(byVariable.candidates)[0]).toBe('docker context "mine": taken');
  });

  it('is not looked for further when a context is named that does not exist', async () => {
    expect((await refusal({ DOCKER_CONTEXT: 'gone' })).message).toMatch(
      /docker context "gone": there is no such context/,
    );
  });

  it('is Podman where its socket answers', async () => {
    const runtime = configFolder();
    const { socket } = await engineServer({}, '1.41', 'Libpod/4.3.1 (linux)');
    mkdirSync(join(runtime, 'podman'));
    symlinkSync(socket, join(runtime, 'podman', 'podman.sock'));
    const { engine, candidates } = await select({ XDG_RUNTIME_DIR: runtime });
    // Where this machine runs an engine at the usual place, that one comes first.
    if (candidates[0]?.outcome === 'taken') expect(engine.kind).not.toBe('podman');
    else {
      expect(engine.kind).toBe('podman');
      expect(candidates.find(({ outcome }) => outcome === 'taken')?.reason).toBe('podman 4.3.1 answers, API 1.41');
    }
  });

  it('is the native one only when its socket answers', async () => {
    const error = await refusal({ WINDLASS_ENGINE: 'native', WINDLASS_SOCKET: '/no/such/engine.sock' });
    expect(error.message).toMatch(/native engine: no socket at \/no\/such\/engine.sock/);
    expect(error.hint).toMatch(/windlass engine start/);
    const { socket } = await engineServer({}, '1.47', 'windlass/0.2 (linux)');
    const { engine } = await select({ WINDLASS_SOCKET: socket }, { explicit: 'native' });
    expect(engine.kind).toBe('native');
  });

  describe('native, where it does not run', () => {
    /** A starter whose engine answers at a socket that was not there before; counts its starts. */
    function sleeping(): { socket: string; native: NativeStarter; starts: () => number } {
      const socket = join(configFolder(), 'engine.sock');
      let starts = 0;
      const native: NativeStarter = {
        has: () => Promise.resolve(false),
        async start() {
          starts += 1;
          symlinkSync((await engineServer({}, '1.47', 'windlass/0.1 (linux)')).socket, socket);
        },
      };
      return { socket, native, starts: () => starts };
    }

    it('is started when it is asked for', async () => {
      const { socket, native, starts } = sleeping();
      const { engine, candidates } = await select({ WINDLASS_SOCKET: socket }, { explicit: 'native', native });
      expect([engine.kind, engine.endpoint, starts()]).toEqual(['native', `unix://${socket}`, 1]);
      expect(outcomes(candidates)).toEqual(['native engine: taken']);
    });

    it('is started when DOCKER_HOST names its socket', async () => {
      const { socket, native, starts } = sleeping();
      const env = { WINDLASS_SOCKET: socket, DOCKER_HOST: `unix://${socket}` };
      expect((await select(env, { native })).engine.kind).toBe('native');
      expect(starts()).toBe(1);
    });

    it('is left alone when DOCKER_HOST names another engine, answering or not', async () => {
      const { socket, native, starts } = sleeping();
      const other = await engineServer({});
      await select({ WINDLASS_SOCKET: socket, DOCKER_HOST: `unix://${other.socket}` }, { native });
      await refusal({ WINDLASS_SOCKET: socket, DOCKER_HOST: 'unix:///no/such.sock' }, { native });
      expect(starts()).toBe(0);
    });

    it('is started where another engine answers, but the project is on it', async () => {
      const { socket, native, starts } = sleeping();
      const runtime = configFolder();
      const empty = json([]);
      const nothing = { 'GET /containers/json': empty, 'GET /networks': empty, 'GET /volumes': json({ Volumes: [] }) };
      const podman = await engineServer(nothing, '1.41', 'Libpod/4.3.1 (linux)');
      mkdirSync(join(runtime, 'podman'));
      symlinkSync(podman.socket, join(runtime, 'podman', 'podman.sock'));
      const env = { WINDLASS_SOCKET: socket, XDG_RUNTIME_DIR: runtime };
      await select(env, { native });
      expect(starts()).toBe(0);
      const asked: string[] = [];
      const has = (project: string): Promise<boolean> => {
        asked.push(project);
        return Promise.resolve(true);
      };
      // What is on it is found by asking it, which this stand-in cannot answer.
      await select(env, { project: 'shop', native: { ...native, has } }).catch(() => undefined);
      expect([asked, starts()]).toEqual([['shop'], 1]);
    });

    it('is no choice when Docker is asked for', async () => {
      const { socket, native, starts } = sleeping();
      const env = { WINDLASS_SOCKET: socket, DOCKER_HOST: `unix://${socket}` };
      const error = await refusal(env, { explicit: 'docker', native });
      expect([outcomes(error.candidates), starts()]).toEqual([['DOCKER_HOST: refused'], 0]);
    });

    it('says what the machine lacks when it cannot start', async () => {
      const start = (): Promise<void> =>
        Promise.reject(new WindlassError('X', 'no runc here', { hint: 'install runc' }));
      const native: NativeStarter = { has: () => Promise.resolve(false), start };
      const error = await refusal({ WINDLASS_SOCKET: '/no/such.sock' }, { explicit: 'native', native });
      expect([error.message, error.hint]).toEqual(['native engine: no runc here', 'install runc']);
    });
  });

  it('must be one that exists', async () => {
    await expect(select({}, { explicit: 'rocket' })).rejects.toThrow(/unknown engine "rocket"/);
  });

  it('speaks the version DOCKER_API_VERSION pins', async () => {
    const { socket } = await engineServer({});
    const { engine } = await select({ DOCKER_HOST: `unix://${socket}`, DOCKER_API_VERSION: '1.40' });
    expect((await engine.capabilities()).apiVersion).toBe('1.40');
    await expect(select({ DOCKER_HOST: `unix://${socket}`, DOCKER_API_VERSION: 'new' })).rejects.toThrow(
      /DOCKER_API_VERSION "new" is not a version/,
    );
  });
});
