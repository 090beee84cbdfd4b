// Restoring around what can go wrong: containers are stopped in order and always started again; all volumes change or none.
import { expect, it } from 'vitest';
import { commitAll } from '../../../src/cli/volume/restore.ts';
import { stoppableUsers, whileStopped } from '../../../src/cli/volume/users.ts';
import { LABEL } from '../../../src/names.ts';
import type { Replacement } from '../../../src/shipping/volumes/replace-volume.ts';
import { FakeEngine } from '../../support/fake-engine.ts';
import { aProject, aService, dependsOnStarted } from '../../support/project-builder.ts';

const mounted = { volumes: [{ type: 'volume', source: 'data', target: '/data' }] } as const;
const project = aProject({
  services: { web: { ...mounted, depends_on: { db: dependsOnStarted } }, db: mounted, other: {} },
  volumes: { data: { name: 'shop_data' } },
});

/** Running containers of the project, those named first made first. */
async function world(labels: Readonly<Record<string, string>> = {}): Promise<FakeEngine> {
  const fake = new FakeEngine();
  fake.putVolume('shop_data');
  for (const name of ['web', 'db', 'other']) {
    const id = await fake.engine.createContainer({
      name: `shop-${name}-1`,
      service: aService(name, project.services[name]),
      image: 'busybox',
      labels: { [LABEL.project]: 'shop', [LABEL.service]: name, ...(name === 'web' ? labels : {}) },
      attachments: [],
      volumeNames: { data: 'shop_data' },
      inheritedVolumes: {},
      fileMounts: [],
    });
    await fake.engine.startContainer(id);
  }
  fake.calls.length = 0;
  return fake;
}

async function stopAround(fake: FakeEngine, work: () => Promise<void>): Promise<void> {
  const { engine } = fake;
  const users = await stoppableUsers(engine, project, ['shop_data']);
  await whileStopped({ engine, users, timeoutSeconds: undefined, onEvent: () => undefined }, work);
}

const AROUND = ['stopContainer shop-web-1', 'stopContainer shop-db-1'];
const AGAIN = ['startContainer shop-db-1', 'startContainer shop-web-1'];

it('stops who uses the volume, dependents first, and starts them the other way round', async () => {
  const fake = await world();
  await stopAround(fake, async () => {
    expect(fake.calls).toEqual(AROUND);
  });
  expect(fake.calls).toEqual([...AROUND, ...AGAIN]);
});

it('starts them again when the work fails', async () => {
  const fake = await world();
  await expect(stopAround(fake, () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck');
  expect(fake.calls).toEqual([...AROUND, ...AGAIN]);
});

it('starts them again when one cannot be stopped, and does not do the work', async () => {
  const fake = await world();
  fake.beforeChange = (call) => {
    if (call === 'stopContainer shop-db-1') throw new Error('it will not stop');
  };
  const work = () => Promise.reject(new Error('the work was done'));
  await expect(stopAround(fake, work)).rejects.toThrow('it will not stop');
  expect(fake.calls).toEqual([...AROUND.slice(0, 1), ...AGAIN]);
});

it('says which of them did not start again, when the work is done', async () => {
  const fake = await world();
  fake.beforeChange = (call) => {
    if (call === 'startContainer shop-db-1') throw new Error('no memory');
  };
  await expect(stopAround(fake, async () => undefined)).rejects.toThrow(
    'the volumes are done, but cannot start container "shop-db-1" again: no memory',
  );
  expect(fake.container('shop-web-1').state).toBe('running');
});

it.each([
  ['of another project', { [LABEL.project]: 'else' }, /container "shop-web-1" of project "else"/],
  ['made for one command', { [LABEL.oneOff]: 'True' }, /made for one command/],
])('refuses while one is %s', async (_, labels, expected) => {
  const fake = await world(labels);
  await expect(stoppableUsers(fake.engine, project, ['shop_data'])).rejects.toThrow(expected);
});

it('refuses while one is paused', async () => {
  const fake = await world();
  fake.alter('shop-db-1', { state: 'paused' });
  await expect(stoppableUsers(fake.engine, project, ['shop_data'])).rejects.toThrow(/"shop-db-1", which is paused/);
});

/** Replacements that write down what is done to them. */
const replacements = (done: string[], fails: Readonly<Record<string, string>> = {}): Replacement[] =>
  ['a', 'b', 'c'].map((volume) => {
    const step = (verb: string) => async () => {
      const why = fails[`${verb} ${volume}`];
      if (why !== undefined) throw new Error(why);
      done.push(`${verb} ${volume}`);
    };
    return { volume, commit: step('commit'), undo: step('undo'), forget: step('forget') };
  });

it('exchanges all volumes, or puts back those before the one that fails', async () => {
  const signal = new AbortController().signal;
  const done: string[] = [];
  await commitAll(replacements(done), signal);
  expect(done.splice(0)).toEqual(['commit a', 'commit b', 'commit c']);
  await expect(commitAll(replacements(done, { 'commit c': 'disk' }), signal)).rejects.toThrow(/^disk$/);
  expect(done.splice(0)).toEqual(['commit a', 'commit b', 'undo b', 'undo a']);
  const twice = commitAll(replacements(done, { 'commit c': 'disk', 'undo b': 'disk too' }), signal);
  await expect(twice).rejects.toThrow(/^disk\nvolume "b" has the snapshot's contents: .*: disk too$/);
  expect(done).toEqual(['commit a', 'commit b', 'undo a']);
});

it('exchanges nothing once the user has asked to stop', async () => {
  const done: string[] = [];
  await expect(commitAll(replacements(done), AbortSignal.abort())).rejects.toThrow();
  expect(done).toEqual([]);
});
