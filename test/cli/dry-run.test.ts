// `--dry-run` on every command there is: only requests that look may reach the engine, whatever the command would have done.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createContext } from '../../src/cli/context.ts';
import { resolveGlobals } from '../../src/cli/globals.ts';
import { Interrupts } from '../../src/cli/interrupts.ts';
import { parseCommandLine } from '../../src/cli/program.ts';
import { WindlassError } from '../../src/errors.ts';
import { type Answer, engineServer, json } from '../support/engine-server.ts';
import { fakeOutput } from './support/fake-output.ts';

const LABELS = {
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': 'web',
  'com.docker.compose.container-number': '1',
  'com.docker.compose.oneoff': 'False',
  'com.docker.compose.config-hash': 'of-another-day',
};
const CONTAINER = {
  ...{ Id: 'c1'.repeat(32), Names: ['/shop-web-1'], Image: 'shop', ImageID: 'sha256:1', Command: 'x', Created: 1 },
  ...{ State: 'running', Status: 'Up', Labels: LABELS, Ports: [], Mounts: [], NetworkSettings: { Networks: {} } },
};
const DETAILS = {
  ...{ Id: CONTAINER.Id, Name: '/shop-web-1', Image: 'sha256:1', RestartCount: 0, Mounts: [] },
  State: { Status: 'running', Running: true, ExitCode: 0, StartedAt: '', FinishedAt: '' },
  Config: { Image: 'shop', Tty: false, OpenStdin: false, Labels: LABELS },
  NetworkSettings: { Networks: {}, Ports: {} },
  HostConfig: {},
};
const nothing: Answer = (_asked, response) => void response.writeHead(200).end();

/** Every look at a project with one container that is out of date, and an image that is there. */
const LOOKS: readonly [RegExp, Answer][] = [
  [/^GET \/containers\/json/, json([CONTAINER])],
  [/^GET \/containers\/[^/]+\/json/, json(DETAILS)],
  [/^GET \/containers\/[^/]+\/(logs|stats|export|archive)/, nothing],
  [/^GET \/containers\/[^/]+\/top/, json({ Titles: ['PID'], Processes: [] })],
  [/^HEAD \/containers\/[^/]+\/archive/, (_asked, response) => void response.writeHead(404).end()],
  [/^GET \/images\/json/, json([])],
  [
    /^GET \/images\/.*\/json/,
    json({ Id: 'sha256:2', RepoTags: ['shop'], Os: 'linux', Architecture: 'amd64', Size: 1 }),
  ],
  [/^GET \/distribution\//, json({ Descriptor: { digest: `sha256:${'0'.repeat(64)}` } })],
  [/^GET \/networks$/, json([])],
  [/^GET \/volumes$/, json({ Volumes: [] })],
  [/^GET \/(info|version)/, json({ ServerVersion: '20.10.24', Version: '20.10.24', OSType: 'linux' })],
  [/^GET \/events/, nothing],
];
const answers = new Proxy<Record<string, Answer>>(
  {},
  {
    get: (_, request) => LOOKS.find(([pattern]) => pattern.test(String(request)))?.[1] ?? json({ message: 'no' }, 404),
  },
);

const COMMANDS: readonly string[] = [
  ...['up -d --build --force-recreate', 'up --remove-orphans', 'down -v --rmi all --remove-orphans', 'create --build'],
  ...['start', 'stop', 'restart', 'kill', 'pause', 'unpause', 'rm -sfv', 'scale web=3', 'build', 'pull', 'push'],
  ...['run --rm web true', 'run -d web', 'exec web true', 'exec --all web true', 'exec -d web true', 'attach web'],
  ...['cp compose.yaml web:/tmp', 'cp web:/etc/passwd .', 'commit web shop:x', 'export web -o out.tar', 'wait web'],
  ...['ps -a', 'logs', 'ls', 'images', 'top', 'stats --no-stream', 'port web 80', 'volumes', 'events --until 1'],
  ...['config -q', 'config --lock-image-digests', 'plan', 'publish -y --with-env localhost:1/x', 'version'],
  ...[
    'bridge convert',
    'bridge convert -t some/image',
    'bridge transformations list',
    'bridge transformations create t',
  ],
  ...['alpha viz', 'alpha generate shop-web-1', 'watch --no-up'],
];

async function dryRun(line: string): Promise<{ readonly methods: readonly string[]; readonly error: unknown }> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-dry-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, 'compose.yaml'),
    'name: shop\nservices: {web: {image: shop, build: ., stdin_open: true, ports: ["80"], develop: {watch: [{path: ., action: rebuild}]}}}',
  );
  const server = await engineServer(answers);
  const invocation = parseCommandLine(['--dry-run', ...line.split(' ')], { program: 'windlass', width: 80 });
  if (invocation.kind !== 'command') throw new Error(`"${line}" is no command: ${invocation.text}`);
  const env = { DOCKER_HOST: `unix://${server.socket}`, HOME: folder, PATH: '/usr/bin:/bin', DOCKER_BUILDKIT: '0' };
  const interrupts = new Interrupts(() => {});
  const context = createContext({
    command: invocation.command.name,
    globals: resolveGlobals(invocation.globals, env, folder, () => {}),
    ...{ env, cwd: folder, interrupts },
    io: { stdout: fakeOutput(), stderr: fakeOutput(), stdin: { isTTY: false, stream: Readable.from([]) } },
  });
  // Whatever would go on until somebody stops it is stopped.
  const timer = setTimeout(() => interrupts.notify('SIGINT'), 5000);
  let error: unknown;
  try {
    await invocation.command.start(context, invocation.flags, invocation.args);
  } catch (caught) {
    error = caught;
  } finally {
    clearTimeout(timer);
    await context.close();
  }
  return { methods: server.asked.map(({ method, url }) => `${method} ${url}`), error };
}

describe('a dry run', () => {
  it.each(COMMANDS)(
    'of "%s" asks the engine only to look',
    async (line) => {
      const { methods, error } = await dryRun(line);
      expect(methods.filter((request) => !/^(GET|HEAD) /.test(request))).toEqual([]);
      // A refusal by the read-only engine would mean that the command has not thought of dry runs.
      expect(error instanceof Error ? error.message : '').not.toMatch(/^dry run: /);
      if (error !== undefined && !(error instanceof WindlassError)) throw error;
      // The first line loads the program, which a busy machine takes its time for.
    },
    120_000,
  );
});
