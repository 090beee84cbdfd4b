// What a project looks like from outside: drawn, live, and as another tool's files.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scenario } from '../support/scenario.ts';

const STACK = `
services:
  web:
    image: busybox:latest
    command: sleep 1000
    stop_grace_period: 0s
    ports: ["127.0.0.1::80"]
    depends_on: [db]
  db: {image: busybox:latest, command: sleep 1000, stop_grace_period: 0s, volumes: [data:/data]}
volumes: {data: {}}
`;

test('graph and alpha viz draw a project, live with the state of its containers', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  const drawn = async (...args: string[]) => (await s.windlass(['graph', ...args])).stdout;
  expect(await drawn()).toMatch(/└─ web .*127\.0\.0\.1:any→80\/tcp\n {3}└─ db .*\n[\s\S]*volumes +data: db\n$/);
  expect(await drawn('--live')).toMatch(/web .*(not created|absent|missing)/);
  await s.windlass(['up', '-d']);
  expect(await drawn('--live')).toMatch(/web .*running[\s\S]*db .*running/);
  await s.windlass(['stop', 'web']);
  const { services } = JSON.parse(await drawn('--live', '--format', 'json')) as {
    services: { name: string; health?: string }[];
  };
  expect(services.map(({ name, health }) => `${name} ${health}`)).toEqual(['db running', 'web stopped']);

  const flags = ['alpha', 'viz', '--image', '--networks', '--ports'];
  const lines = ({ stdout }: { readonly stdout: string }) => stdout.split('\n').sort();
  expect(lines(await s.windlass(flags))).toEqual(lines(await s.compose(flags)));
});

test('bridge convert writes resources, and the same ones again', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  const converted = async () => {
    await s.windlass(['bridge', 'convert', '-o', 'k8s']);
    const names = (await readdir(join(s.folder, 'k8s'), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    return Promise.all(names.map(async (name) => ({ name, text: await readFile(name, 'utf8') })));
  };
  const first = await converted();
  const deployment = first.find(({ name }) => name.endsWith('base/web-deployment.yaml'));
  expect(deployment?.text).toMatch(/kind: Deployment[\s\S]*image: busybox:latest/);
  expect(await converted()).toEqual(first);
});
