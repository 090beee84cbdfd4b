// Small rules of the engine, as tables.
import * as fs from 'node:fs/promises';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { goMode } from '../../src/engine/native/containers/archive.ts';
import {
  capabilitiesOfMask,
  chooseCapabilities,
  DEFAULT_CAPABILITIES,
} from '../../src/engine/native/containers/capabilities.ts';
import { CompiledFilters } from '../../src/engine/native/containers/compiled-filters.ts';
import { DetachWatch, parseDetachKeys } from '../../src/engine/native/containers/detach-keys.ts';
import { hostsFile, resolvConf } from '../../src/engine/native/containers/etc-files.ts';
import { ownWords } from '../../src/engine/native/containers/exec-stderr.ts';
import { judge, probeOf } from '../../src/engine/native/containers/health.ts';
import { humanDuration } from '../../src/engine/native/containers/list.ts';
import { LineCutter, parseLogLine, parseTime } from '../../src/engine/native/containers/log-file.ts';
import { parseSyncMessage } from '../../src/engine/native/containers/monitor.ts';
import { mountRequests } from '../../src/engine/native/containers/mount-requests.ts';
import { checkProcTargets } from '../../src/engine/native/containers/proc-mounts.ts';
import { signalNumber } from '../../src/engine/native/containers/process.ts';
import { parsePort } from '../../src/engine/native/containers/publish.ts';
import { nextDelay } from '../../src/engine/native/containers/restart.ts';
import { runtimeMessage } from '../../src/engine/native/containers/runtime-message.ts';
import { defaultSeccomp } from '../../src/engine/native/containers/seccomp.ts';
import { tmpfsOptions } from '../../src/engine/native/containers/tmpfs-options.ts';
import { resolveUser } from '../../src/engine/native/containers/users.ts';
import { realNativeHost } from '../../src/engine/native/host.ts';
import { applyChanges } from '../../src/engine/native/images/changes.ts';
import { Rounds, Serial } from '../../src/engine/native/serial.ts';
import { parseFilters } from '../../src/engine/native/server/filters.ts';
import { frame } from '../../src/engine/native/server/frames.ts';
import { createRouter } from '../../src/engine/native/server/router.ts';
import { familiarTag, parseReference } from '../../src/registry/reference.ts';

describe('image references', () => {
  test.each([
    ['busybox', 'busybox:latest', 'docker.io', 'library/busybox'],
    ['docker.io/library/busybox:1', 'busybox:1', 'docker.io', 'library/busybox'],
    ['bitnami/redis', 'bitnami/redis:latest', 'docker.io', 'bitnami/redis'],
    ['localhost:5000/shop/web:v1', 'localhost:5000/shop/web:v1', 'localhost:5000', 'shop/web'],
    ['localhost/web', 'localhost/web:latest', 'localhost', 'web'],
    ['ghcr.io/a/b/c', 'ghcr.io/a/b/c:latest', 'ghcr.io', 'a/b/c'],
  ])('%s', (text, tag, registry, repository) => {
    const reference = parseReference(text);
    expect(reference).toMatchObject({ registry, repository });
    expect(reference && familiarTag(reference)).toBe(tag);
  });

  test.each(['', 'Busybox', 'a//b', 'a:', 'a@sha256:12', 'a b', '-a', 'a:b:c', 'x/../y', `a@sha256:${'g'.repeat(64)}`])(
    '%j is none',
    (text) => {
      expect(parseReference(text)).toBeUndefined();
    },
  );
});

describe('users', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/sh\nweb:x:33:33::/var/www:/bin/false\n#old:x:9:9::/:\n';
  const group = 'root:x:0:\nweb:x:33:\nlogs:x:50:web,other\n';
  test.each([
    ['', { uid: 0, gid: 0, home: '/root', additionalGids: [0] }],
    ['web', { uid: 33, gid: 33, home: '/var/www', additionalGids: [33, 50] }],
    ['33', { uid: 33, gid: 33, home: '/var/www', additionalGids: [33, 50] }],
    ['1234', { uid: 1234, gid: 0, home: '/', additionalGids: [0] }],
    ['web:logs', { uid: 33, gid: 50, additionalGids: [50] }],
    ['7:8', { uid: 7, gid: 8 }],
  ])('%j', (text, expected) => {
    expect(resolveUser(text, passwd, group, [])).toMatchObject(expected);
  });

  test('further groups, by name or number', () => {
    expect(resolveUser('', passwd, group, ['logs', '77']).additionalGids).toEqual([0, 50, 77]);
  });

  test('names that are not there', () => {
    expect(() => resolveUser('nobody', passwd, group, [])).toThrow(
      'unable to find user nobody: no matching entries in passwd file',
    );
    expect(() => resolveUser('web:none', passwd, group, [])).toThrow(
      'unable to find group none: no matching entries in group file',
    );
    for (const id of ['99999999999', '-1', '0:-1'])
      expect(() => resolveUser(id, passwd, group, [])).toThrow('uids and gids must be in range 0-2147483647');
  });

  test('an image without the files has root', () => {
    expect(resolveUser('', '', '', [])).toMatchObject({ uid: 0, gid: 0, home: '/root' });
  });
});

describe('capabilities', () => {
  const request = {
    add: [],
    drop: [],
    privileged: false,
    available: [...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN', 'CAP_SYS_ADMIN'],
  };
  test('the default set, more, less, none and all', () => {
    expect(chooseCapabilities(request).granted).toHaveLength(DEFAULT_CAPABILITIES.length);
    expect(chooseCapabilities({ ...request, add: ['net_admin'] }).granted).toContain('CAP_NET_ADMIN');
    expect(chooseCapabilities({ ...request, drop: ['CAP_KILL'] }).granted).not.toContain('CAP_KILL');
    expect(chooseCapabilities({ ...request, drop: ['ALL'], add: ['CHOWN'] }).granted).toEqual(['CAP_CHOWN']);
    expect(chooseCapabilities({ ...request, add: ['ALL'], drop: ['KILL'] }).granted).toContain('CAP_SYS_ADMIN');
  });

  test('what the machine lacks is not given; what is no capability is told', () => {
    expect(chooseCapabilities({ ...request, add: ['SYS_TIME', 'FLY'] })).toMatchObject({ unknown: ['CAP_FLY'] });
    expect(chooseCapabilities({ ...request, privileged: true }).granted).not.toContain('CAP_SYS_TIME');
  });

  test('the kernel’s mask', () => {
    expect(capabilitiesOfMask('0000000000000401')).toEqual(['CAP_CHOWN', 'CAP_NET_BIND_SERVICE']);
  });
});

describe('logs', () => {
  test('a line that ends and one that goes on', () => {
    const entry = parseLogLine(Buffer.from('2026-11-21T13:07:21.079598217+00:00 stdout F a  b'));
    expect(entry).toMatchObject({ time: '2026-11-21T13:07:21.079598217Z', stream: 'stdout', complete: true });
    expect(entry?.data.toString()).toBe('a  b\n');
    expect(parseLogLine(Buffer.from('2026-11-21T13:07:21.07+00:00 stderr P part'))?.data.toString()).toBe('part');
  });

  test.each(['', 'x', 'time stdin F x', 'time stdout Q x', 'time stdout F'])('%j is no entry', (line) => {
    expect(parseLogLine(Buffer.from(line))).toBeUndefined();
  });

  test('lines come together from pieces', () => {
    const cutter = new LineCutter();
    const lines = ['ab', 'c\nd', '\n\ne'].flatMap((piece) => cutter.push(Buffer.from(piece)).map(String));
    expect(lines).toEqual(['abc', 'd', '']);
  });

  test('times', () => {
    expect(parseTime('1700000000.5')).toBe(1_700_000_000_500_000_000n);
    expect(parseTime('2023-11-14T22:13:20.000000007Z')).toBe(1_700_000_000_000_000_007n);
    expect(parseTime('2023-11-14T23:13:20+01:00')).toBe(1_700_000_000_000_000_000n);
    expect(parseTime('yesterday')).toBeUndefined();
  });
});

describe('detaching', () => {
  const typed = (...pieces: number[][]) => {
    const watch = new DetachWatch(parseDetachKeys(null));
    return pieces.map((piece) => {
      const { forward, detach } = watch.push(Buffer.from(piece));
      return [[...forward], detach];
    });
  };
  test('Ctrl-P Ctrl-Q leaves, even in two pieces', () => {
    expect(typed([97, 16, 17])).toEqual([[[97], true]]);
    expect(typed([16], [17])).toEqual([
      [[], false],
      [[], true],
    ]);
  });
  test('Ctrl-P and another key are both passed on', () => {
    expect(typed([16], [98])).toEqual([
      [[], false],
      [[16, 98], false],
    ]);
    expect(typed([16, 16, 17])).toEqual([[[16], true]]);
  });
  test('other keys', () => {
    expect([...parseDetachKeys('a,ctrl-c')]).toEqual([97, 3]);
    expect(() => parseDetachKeys('shift-x')).toThrow('Invalid detach keys (shift-x) provided');
  });
});

describe('mounts', () => {
  const of = (...binds: string[]) =>
    mountRequests({}, { Binds: binds }, []).map(({ type, source, target, readWrite }) => [
      type,
      source,
      target,
      readWrite,
    ]);
  test('short syntax', () => {
    expect(of('/a/../b:/c:ro', 'vol:/d', '/e')).toEqual([
      ['bind', '/b', '/c', false],
      ['volume', 'vol', '/d', true],
      ['volume', '', '/e', true],
    ]);
  });

  test.each(['a:b:c:d', ':/x', '/a:/b:wrong', '/a:', '../x:/y', '/a:rel', '/a:/'])('%j is refused', (text) => {
    expect(() => of(text)).toThrow();
  });

  test('the image’s volumes give way to what the user mounts there', () => {
    const requests = mountRequests({ Volumes: { '/data': {}, '/more/': {} } }, { Binds: ['/x:/data'] }, []);
    expect(requests.map(({ type, target }) => `${type} ${target}`)).toEqual(['bind /data', 'volume /more']);
  });

  test.each(['/proc', '/proc/sys', '/a/../proc/self/attr'])('nothing may be mounted over %s', (target) => {
    expect(() => of(`/x:${target}`)).toThrow('cannot be mounted because it is inside /proc');
    expect(() => mountRequests({ Volumes: { [target]: {} } }, {}, [])).toThrow('inside /proc');
    expect(() => mountRequests({}, { Tmpfs: { [target]: '' } }, [])).toThrow('inside /proc');
  });

  test('but what lxcfs shows, and the host’s own /proc', () => {
    expect(of('/x:/proc/meminfo', '/proc:/proc', '/x:/process')).toHaveLength(3);
  });

  test('nor over what leads there in the image', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'windlass-proc-'));
    const host = realNativeHost();
    try {
      await symlink('a', join(folder, 'data'));
      await symlink('/proc/self', join(folder, 'a'));
      const at = (Destination: string) => checkProcTargets(host, folder, [{ Source: '/x', Destination }]);
      await expect(at('/data/attr')).rejects.toThrow('"/proc/self/attr" cannot be mounted');
      await at('/b/attr');
    } finally {
      host.kernel.close();
      await rm(folder, { recursive: true });
    }
  });

  test('two mounts in one place are refused', () => {
    expect(() => of('/a:/x', '/b:/x/')).toThrow('Duplicate mount point: /x');
  });

  test('memory', () => {
    const [request] = mountRequests({}, { Tmpfs: { '/t': 'size=1m,mode=700' } }, []);
    expect(request).toMatchObject({
      type: 'tmpfs',
      target: '/t',
      tmpfsOptions: ['nosuid', 'nodev', 'noexec', 'size=1m', 'mode=700'],
    });
  });

  test.each([
    [[], ['nosuid', 'nodev', 'noexec']],
    [
      ['exec', 'suid', 'size=1m'],
      ['nodev', 'exec', 'suid', 'size=1m'],
    ],
    [
      ['defaults', 'noexec', 'mode=0711'],
      ['nosuid', 'nodev', 'noexec', 'mode=0711'],
    ],
  ])('options of a tmpfs: %j', (asked, expected) => {
    expect(tmpfsOptions(asked)).toEqual(expected);
    expect(tmpfsOptions(expected), 'settled once, they stay').toEqual(expect.arrayContaining(expected));
  });

  test.each(['nonsense', 'size', 'size=', 'bind', 'lowerdir=/'])('"%s" is no option of a tmpfs', (word) => {
    expect(() => tmpfsOptions([word])).toThrow(`invalid tmpfs option ["${word}"]`);
  });
});

describe('the router', () => {
  const router = createRouter({
    'GET /images/{name+}/json': () => undefined,
    'POST /containers/{id}/start': () => undefined,
  });
  test('names with slashes and escapes', () => {
    expect(router.match('GET', '/v1.41/images/localhost:5000/a%2Fb/json')).toMatchObject({
      kind: 'found',
      params: { name: 'localhost:5000/a/b' },
      version: 41,
    });
  });
  test('without a version it is the newest', () => {
    expect(router.match('POST', '/containers/x/start')).toMatchObject({ kind: 'found', version: 47 });
  });
  test.each([
    ['GET', '/containers/x/start'],
    ['GET', '/v1.41'],
    ['POST', '/containers/%ZZ/start'],
    ['POST', '/containers//start'],
    ['POST', '/images/a/b/start'],
  ])('%s %s is nowhere', (method, path) => {
    expect(router.match(method, path)).toEqual({ kind: 'missing' });
  });
  test('the name that a link gives a container has a slash', () => {
    expect(router.match('POST', '/containers/web/db/start')).toMatchObject({ kind: 'found', params: { id: 'web/db' } });
  });
  test('versions that are too new or too old', () => {
    expect(router.match('GET', '/v1.48/_ping')).toMatchObject({
      kind: 'bad-version',
      message: expect.stringContaining('too new'),
    });
    expect(router.match('GET', '/v1.23/_ping')).toMatchObject({
      kind: 'bad-version',
      message: expect.stringContaining('too old'),
    });
  });
});

describe('filters', () => {
  test('both spellings', () => {
    expect(parseFilters('{"label":["a=b","c"]}').get('label')).toEqual(['a=b', 'c']);
    expect(parseFilters('{"label":{"a=b":true,"x":false}}').get('label')).toEqual(['a=b']);
  });
  test('labels must all be there', () => {
    const filters = parseFilters('{"label":["a=1","b"]}');
    expect(filters.labels('label', { a: '1', b: '' })).toBe(true);
    expect(filters.labels('label', { a: '2', b: '' })).toBe(false);
    expect(filters.labels('label', { a: '1' })).toBe(false);
  });
  test.each(['[]', '{', '"x"', '{"a":1}'])('%s is refused', (text) => {
    expect(() => parseFilters(text)).toThrow('invalid filter');
  });
  test('unknown ones are refused', () => {
    expect(() => parseFilters('{"colour":["red"]}', ['label'])).toThrow("invalid filter 'colour'");
  });
});

describe('health', () => {
  const probe = probeOf({ Test: ['CMD-SHELL', 'true'], Retries: 2, StartPeriod: 5e9 }, undefined);
  if (!probe) throw new Error('no probe');
  const result = (ExitCode: number) => ({ Start: '', End: '', ExitCode, Output: '' });
  const start = { Status: 'starting' as const, FailingStreak: 0, Log: [] };

  test('two failures in a row are unhealthy, one success is healthy', () => {
    const once = judge(start, result(1), probe, 9000);
    expect(once).toMatchObject({ Status: 'starting', FailingStreak: 1 });
    expect(judge(once, result(1), probe, 9000)).toMatchObject({ Status: 'unhealthy', FailingStreak: 2 });
    expect(judge(once, result(0), probe, 9000)).toMatchObject({ Status: 'healthy', FailingStreak: 0 });
  });
  test('within the start period failures do not count', () => {
    expect(judge(start, result(1), probe, 1000)).toMatchObject({ Status: 'starting', FailingStreak: 0 });
  });
  test('five results are kept', () => {
    let health: ReturnType<typeof judge> = start;
    for (let n = 0; n < 8; n++) health = judge(health, result(0), probe, 0);
    expect(health.Log).toHaveLength(5);
  });
  test('no probe', () => {
    expect([undefined, {}, { Test: ['NONE'] }, { Test: [] }].map((config) => probeOf(config, undefined))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

test('restart delays double, up to a minute, and start anew after a good run', () => {
  expect([0, 100, 200, 40_000, 60_000].map((before) => nextDelay(before, 10))).toEqual([100, 200, 400, 60_000, 60_000]);
  expect(nextDelay(60_000, 10_000)).toBe(100);
});

test.each([
  ['SIGTERM', 15],
  ['kill', 9],
  ['2', 2],
  ['RTMIN+3', 37],
  ['SIGRTMAX-1', 63],
  ['0', undefined],
  ['65', undefined],
  ['SIGNOPE', undefined],
])('signal %s is %s', (text, number) => {
  expect(signalNumber(text)).toBe(number);
});

test.each([
  ['80', { containerPort: 80, protocol: 'tcp' }],
  ['53/UDP', { containerPort: 53, protocol: 'udp' }],
])('port %s', (text, expected) => {
  expect(parsePort(text)).toEqual(expected);
});

test.each(['0/tcp', '65536', 'x', '80/http', '80/tcp/x'])('port %s is refused', (text) => {
  expect(() => parsePort(text)).toThrow('invalid port specification');
});

test.each([
  [0.5, 'Less than a second'],
  [1, '1 second'],
  [59, '59 seconds'],
  [60, 'About a minute'],
  [3599, '59 minutes'],
  [3600, 'About an hour'],
  [47 * 3600, '47 hours'],
  [48 * 3600, '2 days'],
  [15 * 86400, '2 weeks'],
  [90 * 86400, '3 months'],
  [800 * 86400, '2 years'],
])('%s seconds are %s', (seconds, text) => {
  expect(humanDuration(seconds)).toBe(text);
});

test('what the monitor says', () => {
  expect(parseSyncMessage('{"data": 123}\n')).toEqual({ pid: 123 });
  expect(parseSyncMessage('{"data": -1, "message": "no such file"}')).toEqual({ failure: 'no such file' });
  expect(parseSyncMessage('')).toEqual({ failure: 'the monitor ended without a word' });
});

test('the reason in what the runtime writes', () => {
  expect(
    runtimeMessage('time="x" level=warning msg="a"\ntime="x" level=error msg="exec: \\"foo\\": not found"\n'),
  ).toBe('exec: "foo": not found');
  expect(runtimeMessage('plain text\n')).toBe('plain text');
});

test.each([
  ['2026-01-01T00:00:00.000000Z: mount `/a` to `/b`: Not a directory\n', 'mount `/a` to `/b`: Not a directory'],
  [
    'executable file `ls` not found in $PATH: No such file or directory',
    'exec: "ls": executable file not found in $PATH',
  ],
  [
    'executable file `/ls` not found in $PATH: No such file or directory',
    'exec: "/ls": stat /ls: no such file or directory',
  ],
  [
    '{"level":"warning","msg":"a"}\n{"level":"error","msg":"executable file `x` not found: No such file or directory"}',
    'exec: "x": executable file not found in $PATH',
  ],
  ['{"level":"error","msg":"open executable: Permission denied"}', 'exec: "prog": permission denied'],
  ['open executable: Operation not permitted', 'exec: "prog": is a directory: permission denied'],
])('what crun says in the words of Docker: %s', (words, told) => {
  expect(runtimeMessage(words, 'prog').replace('unable to start container process: ', '')).toBe(told);
});

test("standard error without the runtime's own words", async () => {
  const said = async (failed: boolean, ...chunks: string[]): Promise<string> => {
    const stderr = ownWords(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), Promise.resolve(failed));
    return (await stderr.toArray()).join('');
  };
  const reason = 'executable file `x` not found in $PATH: No such file or directory\n';
  expect(await said(true, reason)).toBe('');
  expect(await said(false, reason)).toBe(reason);
  expect(await said(false, reason, 'more')).toBe(`${reason}more`);
  expect(await said(false, 'one', reason)).toBe(`one${reason}`);
});

test('kinds of files as Go has them', () => {
  expect([0o40755, 0o100644, 0o120777, 0o41777].map(goMode)).toEqual([2147484141, 420, 134218239, 2148532735]);
});

test('/etc/hosts', () => {
  const facts = {
    hostname: 'web',
    domainname: 'shop',
    addresses: ['172.18.0.2'],
    extraHosts: ['api:host-gateway', 'db=10.0.0.9'],
    gateway: '172.18.0.1',
    links: [],
  };
  const text = hostsFile(facts);
  expect(text.split('\n').slice(-4)).toEqual(['172.18.0.1\tapi', '10.0.0.9\tdb', '172.18.0.2\tweb.shop web', '']);
  const dotted = hostsFile({ ...facts, hostname: 'web.shop.test', domainname: '' });
  expect(dotted.split('\n').at(-2)).toBe('172.18.0.2\tweb.shop.test web');
});

test('/etc/resolv.conf', () => {
  const host = 'nameserver 10.0.0.1\nnameserver 127.0.0.53\nsearch lan\n';
  expect(resolvConf(host, {}, true)).toBe('search lan\nnameserver 127.0.0.11\noptions ndots:0 timeout:1 attempts:5\n');
  expect(resolvConf(host, {}, false)).toBe('search lan\nnameserver 10.0.0.1\n');
  expect(resolvConf(host, { Dns: ['9.9.9.9'], DnsSearch: ['.'], DnsOptions: ['timeout:1'] }, false)).toBe(
    'nameserver 9.9.9.9\noptions timeout:1\n',
  );
});

test('changes to an image’s configuration', () => {
  const changes = [
    'CMD ["a","b"]',
    'ENTRYPOINT run me',
    'ENV A=1 B="two words"',
    'ENV C three',
    'EXPOSE 80 53/udp',
    'LABEL x=y',
    'WORKDIR /w',
    'USER u',
    'VOLUME /v',
  ];
  expect(applyChanges({ Env: ['A=0'] }, changes)).toEqual({
    Cmd: ['a', 'b'],
    Entrypoint: ['/bin/sh', '-c', 'run me'],
    Env: ['A=1', 'B=two words', 'C=three'],
    ExposedPorts: { '80/tcp': {}, '53/udp': {} },
    Labels: { x: 'y' },
    WorkingDir: '/w',
    User: 'u',
    Volumes: { '/v': {} },
  });
  expect(() => applyChanges({}, ['RUN x'])).toThrow('RUN is not a valid change command');
});

test('frames have a head of eight bytes', () => {
  expect([...frame('stderr', Buffer.from('ab'))]).toEqual([2, 0, 0, 0, 0, 0, 0, 2, 97, 98]);
});

/** A promise and the way to resolve it. */
function gateway(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let open: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, resolve: () => open() };
}

describe('order of work', () => {
  test('one thing at a time per key, whatever fails', async () => {
    const serial = new Serial();
    const order: string[] = [];
    const gate = gateway();
    const first = serial.run('a', async () => {
      await gate.promise;
      order.push('a1');
      throw new Error('failed');
    });
    const second = serial.run('a', async () => order.push('a2'));
    await serial.run('b', async () => order.push('b'));
    gate.resolve();
    await expect(first).rejects.toThrow('failed');
    await second;
    expect(order).toEqual(['b', 'a1', 'a2']);
  });

  test('requests made during a round share the next one', async () => {
    let rounds = 0;
    const gate = gateway();
    const work = new Rounds(async () => {
      rounds += 1;
      if (rounds === 1) await gate.promise;
    });
    const first = work.request();
    await Promise.resolve();
    const later = [work.request(), work.request()];
    gate.resolve();
    await Promise.all([first, ...later]);
    expect(rounds).toBe(2);
  });
});

test('a filter that was worked out comes along with the same rules', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-filter-'));
  try {
    await writeFile(join(folder, 'seccomp.bpf'), Buffer.from([1, 2, 3]));
    const filters = new CompiledFilters();
    const [rules, others] = [defaultSeccomp([], 'x64'), defaultSeccomp(['CAP_SYS_ADMIN'], 'x64')];
    expect(filters.annotation(rules)).toEqual({});
    await filters.learn(fs, rules, join(folder, 'gone'));
    expect(filters.annotation(rules)).toEqual({});
    await filters.learn(fs, rules, folder);
    expect(filters.annotation(defaultSeccomp([], 'x64'))).toEqual({ 'run.oci.seccomp_bpf_data': 'AQID' });
    expect([filters.annotation(others), filters.annotation(undefined)]).toEqual([{}, {}]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
