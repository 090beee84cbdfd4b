// Starting, stopping and coming back: the pure parts.
import { expect, test } from 'vitest';
import { systemdUnit } from '../../src/cli/native/systemd-unit.ts';
import { comesBackAfterBoot, wantsRestart } from '../../src/engine/native/containers/restart.ts';
import { startOrder } from '../../src/engine/native/containers/start-order.ts';
import { type ContainerRecord, type ContainerState, NEVER } from '../../src/engine/native/containers/types.ts';
import { engineEnvironment } from '../../src/engine/native/keeper/start.ts';
import { lacksError } from '../../src/engine/native/lacks.ts';
import { tcpAddress } from '../../src/engine/native/server/listeners.ts';
import { enginePlace } from '../../src/engine/native-place.ts';

const STATE: ContainerState = {
  status: 'exited',
  pid: 0,
  pidStart: '',
  exitCode: 0,
  error: '',
  oomKilled: false,
  startedAt: '2026-01-01T00:00:00Z',
  finishedAt: '2026-01-01T00:00:01Z',
  restartCount: 0,
  stoppedByUser: false,
};

interface RecordFacts {
  readonly project?: string;
  readonly service?: string;
  readonly dependsOn?: string;
  readonly policy?: string;
  readonly networkMode?: string;
  readonly state?: Partial<ContainerState>;
}

function record(id: string, facts: RecordFacts = {}): ContainerRecord {
  const { project = 'shop', service = id, dependsOn = '', policy = 'always', networkMode, state } = facts;
  return {
    id,
    name: id,
    created: STATE.startedAt,
    imageId: '',
    layers: [],
    config: {
      Labels: {
        'com.docker.compose.project': project,
        'com.docker.compose.service': service,
        'com.docker.compose.depends_on': dependsOn,
      },
    },
    hostConfig: { RestartPolicy: { Name: policy }, ...(networkMode ? { NetworkMode: networkMode } : {}) },
    mounts: [],
    endpoints: {},
    ports: [],
    state: { ...STATE, ...state },
  };
}

const order = (...records: ContainerRecord[]): string[] =>
  startOrder(records).map(({ record: { id }, after }) =>
    [id, ...after.map((need) => `${need.id}:${need.condition}`)].join(' '),
  );

test('containers come back after those they depend on, with the condition', () => {
  expect(
    order(
      record('web', { dependsOn: 'app:service_healthy:false,cache:service_started:true' }),
      record('cache'),
      record('app', { dependsOn: 'db:service_completed_successfully:false' }),
      record('db'),
    ),
  ).toEqual(['db', 'app db:completed', 'cache', 'web app:healthy cache:started']);
});

test('every replica of a dependency counts, another project’s service of the same name does not', () => {
  expect(
    order(
      record('web', { dependsOn: 'db:service_started:false' }),
      record('db1', { service: 'db' }),
      record('db2', { service: 'db' }),
      record('foreign', { project: 'other', service: 'db' }),
    ),
  ).toEqual(['db1', 'db2', 'web db1:started db2:started', 'foreign']);
});

test('a shared network namespace is there first; a circle is cut', () => {
  expect(order(record('side', { networkMode: 'container:main' }), record('main'))).toEqual([
    'main',
    'side main:started',
  ]);
  expect(
    order(record('a', { dependsOn: 'b:service_started:false' }), record('b', { dependsOn: 'a:service_started:false' })),
  ).toEqual(['b', 'a b:started']);
});

test.each([
  ['waiting for its next start', { policy: 'on-failure', state: { status: 'restarting' } }, true],
  ['always, stopped by the user', { policy: 'always', state: { stoppedByUser: true } }, true],
  ['always, never started', { policy: 'always', state: { status: 'created', startedAt: NEVER } }, false],
  ['unless-stopped, stopped by the user', { policy: 'unless-stopped', state: { stoppedByUser: true } }, false],
  ['no policy', { policy: 'no' }, false],
] as const)('after a boot: %s', (_, facts, comesBack) => {
  expect(comesBackAfterBoot(record('a', facts))).toBe(comesBack);
});

test('what the machine’s end cut off is started again by every policy but "no"', () => {
  const cut = (policy: string): boolean => wantsRestart(record('a', { policy, state: { exitCode: 255 } }));
  expect(['always', 'unless-stopped', 'on-failure', 'no'].map(cut)).toEqual([true, true, true, false]);
});

test.each([
  ['tcp://127.0.0.1', false, false, { host: '127.0.0.1', port: 2375 }],
  ['tcp://localhost:1234', false, false, { host: 'localhost', port: 1234 }],
  ['tcp://[::1]:5', false, false, { host: '::1', port: 5 }],
  ['tcp://0.0.0.0', true, false, { host: '0.0.0.0', port: 2376 }],
  ['tcp://10.0.0.1:9', false, true, { host: '10.0.0.1', port: 9 }],
])('listening on %s with TLS %s, insisting %s', (text, tls, insist, address) => {
  expect(tcpAddress(text, { tls, insist })).toEqual(address);
});

test.each([
  ['tcp://0.0.0.0:2375', /without TLS: whoever reaches it is root/],
  ['tcp://127.evil.example:1', /without TLS/],
  ['tcp://', /cannot listen on/],
  ['http://127.0.0.1:1', /cannot listen on/],
  ['tcp://127.0.0.1:99999', /cannot listen on/],
])('%s is refused without TLS', (text, message) => {
  expect(() => tcpAddress(text, { tls: false, insist: false })).toThrow(message);
});

test('a place: flags, then variables, then the usual one; a root alone takes the rest along', () => {
  expect(enginePlace({}, {})).toEqual({
    lib: '/var/lib/windlass',
    run: '/run/windlass',
    socket: '/run/windlass/engine.sock',
  });
  expect(enginePlace({ root: 'x' }, { WINDLASS_ROOT: '/y' }, '/home')).toEqual({
    lib: '/home/x',
    run: '/home/x/run',
    socket: '/home/x/engine.sock',
  });
  expect(enginePlace({ run: '/r' }, { WINDLASS_SOCKET: '/s' })).toEqual({
    lib: '/var/lib/windlass',
    run: '/r',
    socket: '/s',
  });
  expect(enginePlace({ run: '/r' }, {}).socket).toBe('/r/engine.sock');
});

test('an engine in the background gets nothing of the environment that may be a secret', () => {
  const env = { PATH: '/bin', DB_PASSWORD: 'x', https_proxy: 'http://p', WINDLASS_DEBUG: '1', AWS_SECRET: 'x' };
  expect(engineEnvironment(env)).toEqual({ PATH: '/bin', https_proxy: 'http://p', WINDLASS_DEBUG: '1' });
});

test('what a machine lacks is told at once, with one command that brings the packages', () => {
  const error = lacksError([
    { what: 'you are not root', why: 'mounts are root’s', remedy: 'run it as root' },
    { what: 'conmon is not installed', why: 'it watches', remedy: 'install conmon', debian: 'conmon' },
    { what: 'nft is not installed', why: 'it filters', remedy: 'install nftables', debian: 'nftables' },
  ]);
  expect(error.message).toBe(
    'the native engine cannot run here: you are not root (mounts are root’s); conmon is not installed (it watches); nft is not installed (it filters)',
  );
  expect(error.hint).toBe('run it as root; then apt-get install conmon nftables');
});

test('a systemd unit leaves the containers alone and takes any path as it is', () => {
  const unit = systemdUnit(['/usr/bin/node', '/opt/my $app/100%/windlass.js', 'engine', 'run'], '/run/s.sock');
  expect(unit).toContain('ExecStart=/usr/bin/node "/opt/my $$app/100%%/windlass.js" engine run\n');
  expect(unit).toContain('KillMode=process\n');
  // Without a keeper nobody tells systemd that the engine is ready.
  expect(unit).toContain('Type=exec\n');
  expect(systemdUnit(['/usr/bin/node', 'engine', 'run', '--restart'], '/run/s.sock')).toContain('Type=notify\n');
});
