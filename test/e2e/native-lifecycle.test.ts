// The native engine in the background: started on demand, kept alive, taken down, ended when idle, back after a boot, on TCP.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { ensureBusybox } from '../../scripts/ground/busybox-image.ts';
import { must, run } from '../../scripts/ground/run.ts';
import { type BackgroundEngine, backgroundEngine } from '../support/background-engine.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';

const engines: BackgroundEngine[] = [];
const folders: string[] = [];
const begin = async (variables?: Record<string, string>): Promise<BackgroundEngine> => {
  const engine = await backgroundEngine(variables);
  engines.push(engine);
  return engine;
};
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.tearDown();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-lifecycle-'));
  folders.push(folder);
  return folder;
}

/** A project folder with this Compose file. */
async function project(text: string): Promise<string> {
  const folder = await newFolder();
  await writeFile(join(folder, 'compose.yaml'), text);
  return folder;
}

const parentOf = async (pid: number): Promise<number> =>
  Number(/^PPid:\s*(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);

test('commands that need an engine at the same moment start one; idle, it ends and leaves its images alone', async () => {
  const engine = await begin({ WINDLASS_IDLE_TIMEOUT: '4' });
  const cwd = await project('name: ondemand\nservices:\n  one: {image: busybox, command: sleep 600}\n');
  expect((await engine.windlass(['config', '-q'], { cwd })).stderr).toBe('');
  expect(await engine.status()).toMatchObject({ active: false });
  // Nothing is there, so nothing has to be started to see that.
  for (const look of [['ps', '-q'], ['ls', '-q'], ['logs'], ['down']]) {
    const { stdout, stderr } = await engine.windlass(look, { cwd });
    expect([stdout, stderr.replace(/.*no resource found to remove.*\n/, '')]).toEqual(['', '']);
  }
  expect(await engine.status()).toMatchObject({ active: false });
  const ran = await Promise.all([1, 2, 3].map(() => engine.windlass(['images', '-q'], { cwd })));
  expect(ran.filter(({ stderr }) => stderr.includes('started the native engine'))).toHaveLength(1);
  await ensureBusybox(engine.host);
  await engine.windlass(['up', '-d'], { cwd });
  const { pid } = await engine.status();
  // Whatever ends what is left in the cgroup of the command, as systemd does at a log-out, ends neither engine nor containers.
  const monitor = await parentOf(await engine.pid('ondemand-one-1'));
  for (const process of [pid, await parentOf(pid), monitor])
    expect(await readFile(`/proc/${process}/cgroup`, 'utf8')).toMatch(/^(0:|\d+:name=systemd):\/windlass\/engine$/m);
  // A running container is work: the time-out passes, and the engine stays.
  const since = Date.now();
  await eventually('half as much again has passed', () => Date.now() - since > 6000);
  expect(await engine.status()).toMatchObject({ active: true, pid, kept: true, running: 1 });
  await engine.windlass(['down', '-t', '0'], { cwd });
  // Looked at from outside: whoever asks the engine keeps it busy.
  await eventually('neither engine nor anything but images is left', async () => (await engine.remains()).length === 0);
  expect(await engine.status()).toMatchObject({ active: false });
});

test('killed, it is back at once: names resolve, ports answer, calls wait, nothing is restarted', async () => {
  const engine = await begin();
  await engine.windlass(['engine', 'start']);
  expect((await engine.windlass(['engine', 'start'])).stderr).toContain('runs already');
  await ensureBusybox(engine.host);
  const port = await freePort();
  await engine.docker('network', 'create', 'kept');
  const web = ['run', '-d', '--name', 'web', '--network', 'kept', '-p', `${port}:80`];
  await engine.docker(...web, 'busybox', 'httpd', '-f', '-h', '/etc');
  const get = 'wget -qO- http://web/passwd';
  // The first answers count when the server has come up.
  const ask = `until ${get} >/dev/null; do :; done; while :; do said=$(${get} 2>&1 >/dev/null) && echo got || echo "$said"; done`;
  await engine.docker('run', '-d', '--name', 'asker', '--network', 'kept', 'busybox', 'sh', '-c', ask);
  const probe = ['--health-cmd', 'test -f /tmp/ok', '--health-interval', '200ms', '--restart', 'always'];
  await engine.docker('run', '-d', '--name', 'patient', ...probe, 'busybox', 'sleep', '600');
  const pids = await Promise.all(['web', 'asker'].map(engine.pid));
  const answers = async (): Promise<number> => (await engine.docker('logs', 'asker')).split('got').length;
  await eventually('the first answers', async () => (await answers()) > 1);
  for (const _ of [1, 2]) {
    const before = await engine.status();
    await engine.kill();
    // This call comes while no engine runs: the keeper holds the socket, the next engine answers.
    expect(await engine.docker('ps', '-q', '--filter', 'name=web')).not.toBe('');
    expect((await fetch(`http://127.0.0.1:${port}/passwd`)).status).toBe(200);
    expect((await engine.status()).pid).not.toBe(before.pid);
    const seen = await answers();
    await eventually('more answers', async () => (await answers()) > seen);
  }
  const heard = (await engine.docker('logs', 'asker')).trim().split('\n');
  expect(heard.filter((line) => line !== 'got')).toEqual([]);
  // Health checks and restart policies go on under the new engine.
  const patient = (what: string): Promise<string> => engine.docker('inspect', '-f', `{{${what}}}`, 'patient');
  await engine.docker('exec', 'patient', 'touch', '/tmp/ok');
  await eventually('it is healthy', async () => (await patient('.State.Health.Status')) === 'healthy\n');
  process.kill(await engine.pid('patient'), 'SIGKILL');
  await eventually('it was restarted', async () => (await patient('.RestartCount')) === '1\n');
  await engine.docker('rm', '-f', 'patient');
  expect(await Promise.all(['web', 'asker'].map(engine.pid))).toEqual(pids);
  expect(await readFile(join(engine.root, 'run/engine.log'), 'utf8')).toContain('ended by signal 9: starting it again');

  // Told to end, it ends, and its containers go on without it; then told to take them along.
  expect((await engine.windlass(['engine', 'stop'])).stderr).toContain('2 container(s) go on');
  expect((await fetch(`http://127.0.0.1:${port}/passwd`)).status).toBe(200);
  await engine.windlass(['engine', 'status'], { exit: 1 });
  await engine.windlass(['engine', 'start']);
  expect(await engine.pid('web')).toBe(pids[0]);
  await engine.docker('update', '--restart', 'unless-stopped', 'web');
  await engine.windlass(['engine', 'stop', '--containers', '-t', '0']);
  expect((await engine.remains()).filter((line) => line.startsWith('process'))).toEqual([]);
  await engine.windlass(['engine', 'start']);
  await eventually('the one with a policy runs again', async () => (await engine.pid('web')) > 0);
  expect(await engine.docker('inspect', '-f', '{{.State.Status}} {{.RestartCount}}', 'asker')).toBe('exited 0\n');
});

test('after a boot the policies decide who comes back, in the order of dependencies', async () => {
  const engine = await begin();
  const cwd = await project(
    `name: boot
services:
  web: {image: busybox, command: sleep 600, restart: always, depends_on: {app: {condition: service_healthy}}}
  app:
    image: busybox
    command: sleep 600
    restart: unless-stopped
    depends_on: [db]
    healthcheck: {test: [CMD, "true"], interval: 200ms}
  db: {image: busybox, command: sleep 600, restart: on-failure}
  stopped-always: {image: busybox, command: sleep 600, restart: always, stop_grace_period: 0s}
  stopped: {image: busybox, command: sleep 600, restart: unless-stopped, stop_grace_period: 0s}
  plain: {image: busybox, command: sleep 600}
`,
  );
  await engine.windlass(['engine', 'start']);
  await ensureBusybox(engine.host);
  await engine.windlass(['up', '-d'], { cwd });
  await engine.windlass(['stop', 'stopped', 'stopped-always'], { cwd });
  // Another engine in the same boot leaves alone what the user stopped.
  await engine.windlass(['engine', 'stop']);
  await engine.windlass(['engine', 'start']);
  expect(await states(engine)).toMatchObject({ 'stopped-always': 'exited', stopped: 'exited', web: 'running' });

  await engine.loseMachine(['boot-web-1', 'boot-app-1', 'boot-db-1', 'boot-plain-1']);
  await engine.windlass(['engine', 'start']);
  await eventually('the last in the row runs', async () => (await states(engine)).web === 'running');
  expect(await states(engine)).toEqual({
    web: 'running',
    app: 'running',
    db: 'running',
    'stopped-always': 'running',
    stopped: 'exited',
    plain: 'exited',
  });
  const begun = async (service: string): Promise<number> =>
    Date.parse((await engine.docker('inspect', '-f', '{{.State.StartedAt}}', `boot-${service}-1`)).trim());
  const [db, app, web] = await Promise.all(['db', 'app', 'web'].map(begun));
  expect(db).toBeLessThan(app ?? 0);
  expect(app).toBeLessThan(web ?? 0);
  await engine.windlass(['down', '-t', '0'], { cwd });
});

async function states(engine: BackgroundEngine): Promise<Record<string, string>> {
  const listed = await engine.docker('ps', '-a', '--format', '{{.Label "com.docker.compose.service"}} {{.State}}');
  return Object.fromEntries(
    listed
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  );
}

describe('TCP', () => {
  test('with TLS lets in who shows a certificate, and nobody else', async () => {
    const engine = await begin();
    const folder = await certificates();
    const port = await freePort();
    const files = ['--tlscacert', 'ca.pem', '--tlscert', 'cert.pem', '--tlskey', 'key.pem'];
    const args = ['engine', 'start', '--host', `tcp://127.0.0.1:${port}`, '--tlsverify', ...files];
    await engine.windlass(args, { cwd: folder });
    expect((await engine.status()).addresses).toContain(`tcp://127.0.0.1:${port}`);
    const at = { DOCKER_HOST: `tcp://localhost:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder };
    const info = await must('docker', ['info', '-f', '{{.DockerRootDir}}'], { env: { ...process.env, ...at } });
    expect(info.trim()).toBe(engine.root);
    const env = { ...engine.env, ...at, WINDLASS_ENGINE: undefined };
    expect((await engine.windlass(['ls', '-q'], { env })).stdout).toBe('');
    const url = `https://localhost:${port}/_ping`;
    const read = (name: string): Promise<Buffer> => readFile(join(folder, name));
    const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')]);
    expect(await httpsStatus(url, { ca, cert, key })).toBe(200);
    await expect(httpsStatus(url, { ca })).rejects.toThrow(/certificate required/i);
    await expect(fetch(`http://127.0.0.1:${port}/_ping`)).rejects.toThrow();
  });

  test('without TLS is refused beyond loopback, and a failed start shows what the engine said', async () => {
    const engine = await begin();
    const open = await engine.windlass(['engine', 'run', '--host', 'tcp://0.0.0.0:2375'], { exit: 1 });
    expect(open.stderr).toMatch(/without TLS: whoever reaches it is root/);
    const failed = await engine.windlass(['engine', 'start', '--host', 'tcp://0.0.0.0:2375'], { exit: 1 });
    expect(failed.stderr).toMatch(/the native engine did not start:\n.*without TLS/s);
    expect(failed.stderr).toContain(join(engine.root, 'run/engine.log'));
    const port = await freePort();
    await engine.windlass(['engine', 'start', '--host', `tcp://127.0.0.1:${port}`]);
    expect(await (await fetch(`http://127.0.0.1:${port}/_ping`)).text()).toBe('OK');
  });
});

const httpsStatus = (url: string, options: RequestOptions): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const asked = get(url, { ...options, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('error', reject);
  });

/** An authority, and one certificate for both sides, under the names that docker looks for. */
async function certificates(): Promise<string> {
  const folder = await newFolder();
  const openssl = (...args: string[]): Promise<string> => must('openssl', args, { cwd: folder });
  const fresh = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await openssl(...fresh, '-subj', '/CN=authority', '-keyout', 'ca-key.pem', '-out', 'ca.pem');
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1';
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-addext', 'basicConstraints=critical,CA:FALSE'];
  await openssl(...fresh, ...signed, '-subj', '/CN=both', '-addext', names, '-keyout', 'key.pem', '-out', 'cert.pem');
  return folder;
}

test('what systemd would be given is shown', async () => {
  const engine = await begin();
  const { stdout } = await engine.windlass(['engine', 'install', '--print', '--idle-timeout', '5']);
  expect(stdout).toMatch(
    new RegExp(`^ExecStart=.* engine run --root ${engine.root} .*--idle-timeout 5 --restart$`, 'm'),
  );
  expect(stdout).toContain('KillMode=process');
});

test('what the machine lacks is told by the first command and by doctor: what, why, and how to get it', async () => {
  const engine = await begin();
  const { program } = inject('ground');
  const say = `"${process.execPath}" "${program}"`;
  // Seen by this shell alone, conmon is no program any more.
  const without = ['-m', 'sh', '-c', `mount --bind /dev/null "$(command -v conmon)"; ${say} ls; ${say} doctor`];
  const ran = await run('unshare', without, { env: engine.env });
  expect(ran.stderr).toMatch(/native engine cannot run here: conmon is not installed \(it watches each container/);
  expect(ran.stderr).toMatch(/hint: apt-get install conmon/);
  expect(ran.stdout).toMatch(/conmon is not installed: it watches .*\n +hint: apt-get install conmon/);
  expect(ran.stdout).toContain('No engine can be used');
  // In a user namespace of its own root is nobody, and may still read this checkout.
  const nobody = await run('unshare', ['--user', process.execPath, program, 'ls'], { env: engine.env });
  expect(nobody.stderr).toMatch(/you are not root .*\n +hint: run it as root: sudo/);
});
