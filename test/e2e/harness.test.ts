// The ground the other scenarios stand on: an engine that answers, the peer, the image, and scenarios that leave nothing.
import { expect, inject, test } from 'vitest';
import { scenario } from '../support/scenario.ts';

const STACK = `
services:
  web:
    image: busybox:latest
    command: sleep 1000
    stop_grace_period: 0s
    volumes: [data:/data]
volumes:
  data: {}
`;

test('the peer is docker compose 2.40.3', async () => {
  const s = await scenario();
  const { stdout } = await s.compose(['version', '--short']);
  expect(stdout.trim()).toMatch(/^v?2\.40\.3/);
});

test('a scenario sees what is there, and takes it away when it ends', async () => {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  await s.compose(['up', '-d']);
  expect(await s.states()).toEqual({ 'web-1': 'running' });
  expect(await s.remains()).toEqual([
    `container ${s.project}-web-1`,
    `network ${s.project}_default`,
    `volume ${s.project}_data`,
  ]);
  await s.tearDown();
  await s.expectNothingLeft();
});

test('a command that exits otherwise than expected fails with its output', async () => {
  const s = await scenario();
  await expect(s.docker(['inspect', 'no-such-thing'])).rejects.toThrow(/No such object: no-such-thing/);
  expect((await s.docker(['inspect', 'no-such-thing'], { exit: 1 })).exitCode).toBe(1);
});

test('the engine speaks API 1.41 or later', async () => {
  const s = await scenario();
  const { stdout } = await s.docker(['version', '--format', '{{.Server.APIVersion}}']);
  expect(Number(stdout.trim().split('.')[1])).toBeGreaterThanOrEqual(41);
  expect(inject('ground').dockerHost).toMatch(/^\w+:\/\//);
});
