// The native engine's networks on a real kernel: IPv6, published ports of every kind, several networks at once, macvlan,
// options of drivers. What answers inside containers is httpd of busybox, or Node.js in the container's namespace.
import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { run, type Started, start } from '../../scripts/ground/run.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { type NativeEngineUnderTest, startNativeEngine } from '../support/native-engine.ts';

let engine: NativeEngineUnderTest;
beforeAll(async () => {
  engine = await startNativeEngine();
});
afterAll(async () => {
  expect(await engine.tearDown()).toEqual([]);
});

/** `docker port`; clients before 23 write `:::80` for `[::]:80`. */
const portsOf = async (name: string) => (await docker('port', name)).replaceAll(' :::', ' [::]:');
const docker = async (...args: string[]) => (await engine.docker(args)).stdout;
const refused = async (...args: string[]) => (await engine.docker(args, { exit: 1 })).stderr;
const inside = (name: string, command: string) => docker('exec', name, 'sh', '-c', command);
/** A container that serves /etc and answers for its id. */
const serve = (name: string, ...options: string[]) =>
  docker('run', '-d', '--name', name, ...options, 'busybox', 'httpd', '-f', '-h', '/etc');
const getPasswd = (where: string) =>
  eventually(`an answer at ${where}`, async () => (await fetch(`http://${where}/passwd`)).text());
const reaches = (name: string, address: string) =>
  run('docker', ['exec', name, 'nc', '-w', '1', address, '80'], {
    input: '',
    env: { ...process.env, DOCKER_HOST: engine.host },
  }).then(({ exitCode }) => exitCode === 0);
const networkOf = (name: string, network: string) =>
  engine.inspect(name, ({ NetworkSettings }) => NetworkSettings.Networks[network]);

test('IPv6: addresses, names, ways out, isolation, ports on [::]', async () => {
  const port = await freePort();
  await docker('network', 'create', '--ipv6', 'six');
  await docker('network', 'create', '--ipv6', '--subnet', 'fd00:77::/64', '--subnet', '10.77.6.0/24', 'given');
  await serve('dual', '--network', 'six', '-p', `${port}:80`);
  const address = (await networkOf('dual', 'six'))?.GlobalIPv6Address ?? '';
  expect(address).toMatch(/^fd[0-9a-f:]+::2$/);
  await docker(
    'run',
    '-d',
    '--name',
    'static',
    '--network',
    'given',
    '--ip6',
    'fd00:77::9',
    '--ip',
    '10.77.6.9',
    'busybox',
    'sleep',
    '600',
  );
  expect(await inside('static', 'ip -6 addr show eth0; ip -6 route; cat /etc/hosts')).toMatch(
    /fd00:77::9\/64[\s\S]*default via fd00:77::1[\s\S]*fd00:77::9\t/,
  );
  // A neighbour finds it by name and reaches it; one from another network reaches it at none of its addresses.
  await docker('run', '-d', '--name', 'near', '--network', 'six', 'busybox', 'sleep', '600');
  await eventually('its name has an IPv6 address', async () =>
    (await inside('near', 'nslookup dual || true')).includes(`Address: ${address}`),
  );
  expect(await inside('near', 'ping6 -c 1 -w 5 dual')).toContain(' 0% packet loss');
  expect(await reaches('static', address)).toBe(false);
  // Published: on the host's loopback through the engine, on its other addresses through the kernel.
  const gateway = (await networkOf('dual', 'six'))?.IPv6Gateway ?? '';
  for (const where of [`127.0.0.1:${port}`, `[::1]:${port}`, `[${gateway}]:${port}`])
    expect(await getPasswd(where)).toContain('root:x:0:0');
  expect(await portsOf('dual')).toBe(`80/tcp -> 0.0.0.0:${port}\n80/tcp -> [::]:${port}\n`);
  // The other network's container reaches it through the published port, and it reaches itself (hairpin).
  for (const client of ['static', 'dual'])
    expect(await inside(client, `printf 'GET /passwd HTTP/1.0\\r\\n\\r\\n' | nc ${gateway} ${port}`)).toContain(
      'root:x:0:0',
    );
  expect(await refused('network', 'create', '--ipv6', '--subnet', 'fd00:77::/48', 'clash')).toContain('Pool overlaps');
  await docker('rm', '-f', 'dual', 'static', 'near');
  await docker('network', 'rm', 'six', 'given');
});

/** Answers datagrams in a container's network namespace with what came. */
async function echoDatagrams(name: string, port: number): Promise<Started> {
  const pid = await engine.inspect(name, ({ State }) => State.Pid);
  const code = `const s = require('dgram').createSocket('udp4');
    s.on('message', (m, from) => s.send('got ' + m, from.port, from.address)); s.bind(${port})`;
  const echo = start('nsenter', ['-t', String(pid), '-n', process.execPath, '-e', code], { deadline: 60_000 });
  onTestFinished(() => void echo.process.kill());
  return echo;
}

/** The answer to a datagram; asked again until there is one. */
const ask = (host: string, port: number): Promise<string> =>
  eventually(`a datagram from ${host}:${port}`, () => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    return new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer')), 500);
      socket.once('message', (message) => {
        clearTimeout(timer);
        resolve(message.toString());
      });
      socket.send('hello', port, host);
    }).finally(() => socket.close());
  });

test('UDP ports, ranges, one address, ports that the engine chooses, SCTP where the kernel has it', async () => {
  const [port, local] = [await freePort(), await freePort()];
  await docker(
    'run',
    '-d',
    '--name',
    'dgram',
    '-p',
    `${port}:5000/udp`,
    '-p',
    `127.0.0.1:${local}:80`,
    '-p',
    '7000',
    '-p',
    '40000-40400:9000',
    'busybox',
    'sleep',
    '600',
  );
  const echo = await echoDatagrams('dgram', 5000);
  // [::1]: the container has no IPv6, so the engine carries it.
  for (const host of ['127.0.0.1', '::1']) expect(await ask(host, port)).toBe('got hello');
  echo.process.kill();
  await echo.ended;
  const ports = await portsOf('dgram');
  expect(ports).toContain(`5000/udp -> 0.0.0.0:${port}\n5000/udp -> [::]:${port}`);
  expect(ports).toContain(`80/tcp -> 127.0.0.1:${local}\n`);
  expect(ports).not.toContain(`[::]:${local}`);
  expect(ports).toMatch(/7000\/tcp -> 0\.0\.0\.0:(\d+)\n7000\/tcp -> \[::\]:\1\n/);
  expect(ports).toMatch(/9000\/tcp -> 0\.0\.0\.0:40[0-4]\d\d\n/);
  const sctp = await run('perl', ['-MSocket', '-e', 'socket(my $s, AF_INET, SOCK_STREAM, 132) or exit 1']);
  const publish = await engine.docker(['run', '--rm', '-p', `${port}:80/sctp`, 'busybox', 'true'], {
    exit: sctp.exitCode === 0 ? 0 : 125,
  });
  if (sctp.exitCode !== 0) expect(publish.stderr).toContain(`this host's kernel has no SCTP`);
  await docker('rm', '-f', 'dgram');
});

test('several networks: the gateway follows priority and name, ports and the resolver follow the gateway', async () => {
  const port = await freePort();
  for (const name of ['alpha', 'beta']) await docker('network', 'create', name);
  await docker('network', 'create', '--internal', 'inner');
  await serve('roamer', '--network', 'inner', '-p', `${port}:80`);
  // An internal network publishes nothing and leads nowhere.
  expect(await inside('roamer', 'ip route')).not.toContain('default');
  expect(await portsOf('roamer')).toBe('');
  const gatewayDevice = async () => /default via \S+ dev (\S+)/.exec(await inside('roamer', 'ip route'))?.[1];
  await docker('network', 'connect', '--alias', 'here', 'beta', 'roamer');
  expect(await gatewayDevice()).toBe('eth1');
  expect(await getPasswd(`127.0.0.1:${port}`)).toContain('root');
  await docker('network', 'connect', 'alpha', 'roamer');
  expect(await gatewayDevice()).toBe('eth2');
  expect(await getPasswd(`127.0.0.1:${port}`)).toContain('root');
  expect(await inside('roamer', 'cat /etc/hosts')).toContain((await networkOf('roamer', 'beta'))?.IPAddress);
  await docker('network', 'disconnect', 'alpha', 'roamer');
  expect(await gatewayDevice()).toBe('eth1');
  expect(await getPasswd(`127.0.0.1:${port}`)).toContain('root');
  // The resolver was asked through the network that goes now.
  await docker('network', 'disconnect', 'inner', 'roamer');
  expect(await inside('roamer', 'nslookup here')).toContain((await networkOf('roamer', 'beta'))?.IPAddress);
  await docker('rm', '-f', 'roamer');
  // From the default network, which has no names, into one that has.
  await docker('run', '-d', '--name', 'late', 'busybox', 'sleep', '600');
  await docker('network', 'connect', 'alpha', 'late');
  expect(await inside('late', 'nslookup late')).toContain((await networkOf('late', 'alpha'))?.IPAddress);
  await docker('rm', '-f', 'late');
  await docker('network', 'rm', 'alpha', 'beta', 'inner');
});

test('options of a network: names, MTU, no traffic among containers, where ports go, own addresses and MAC', async () => {
  const port = await freePort();
  const options = ['name=wlt-opts', 'enable_icc=false', 'host_binding_ipv4=127.0.0.1'].flatMap((o) => [
    '-o',
    `com.docker.network.bridge.${o}`,
  ]);
  await docker(
    'network',
    'create',
    ...options,
    '-o',
    'com.docker.network.driver.mtu=1380',
    '-o',
    'com.docker.network.container_iface_prefix=lan',
    '--subnet',
    '10.77.8.0/24',
    'opts',
  );
  await serve(
    'one',
    '--network',
    'opts',
    '--ip',
    '10.77.8.80',
    '--mac-address',
    '02:42:00:00:08:50',
    '-p',
    `${port}:80`,
  );
  expect(await inside('one', 'ip link show lan0')).toMatch(/mtu 1380[\s\S]*02:42:00:00:08:50/);
  expect((await run('ip', ['link', 'show', 'wlt-opts'])).stdout).toContain('mtu 1380');
  expect(await portsOf('one')).toBe(`80/tcp -> 127.0.0.1:${port}\n`);
  await docker(
    'run',
    '-d',
    '--name',
    'two',
    '--network',
    'opts',
    '--add-host',
    'host:host-gateway',
    'busybox',
    'sleep',
    '600',
  );
  expect(await reaches('two', '10.77.8.80')).toBe(false);
  expect(await inside('two', 'cat /etc/hosts')).toContain('10.77.8.1\thost\n');
  expect(
    (await engine.docker(['run', '--rm', '--network', 'opts', '--ip', '10.77.8.80', 'busybox', 'true'], { exit: 125 }))
      .stderr,
  ).toContain('Address already in use');
  expect(
    (await engine.docker(['run', '--rm', '--network', 'opts', '--ip', '10.99.0.1', 'busybox', 'true'], { exit: 125 }))
      .stderr,
  ).toContain('no configured subnet');
  await docker('rm', '-f', 'one', 'two');
  await docker('network', 'rm', 'opts');
});

test('macvlan: neighbours on the parent’s wire, beside a bridge; what the kernel has not is refused', async () => {
  await run('ip', ['-batch', '-'], {
    input: 'link add wltmv0 type veth peer name wltmv1\nlink set wltmv0 up\nlink set wltmv1 up\n',
  });
  try {
    await docker('network', 'create', '-d', 'macvlan', '--subnet', '10.77.9.0/24', '-o', 'parent=wltmv0', 'lan');
    await docker('network', 'create', 'bridged');
    await serve('far', '--network', 'lan', '--ip', '10.77.9.10');
    await docker(
      'run',
      '-d',
      '--name',
      'near',
      '--network',
      'lan',
      '--mac-address',
      '02:42:00:00:09:01',
      'busybox',
      'sleep',
      '600',
    );
    expect(await inside('near', 'ip link show eth0; ip route')).toMatch(
      /02:42:00:00:09:01[\s\S]*default via 10\.77\.9\.1/,
    );
    expect(await reaches('near', '10.77.9.10')).toBe(true);
    // Names are known without a bridge; a server of the container's own may have port 53 on every address.
    expect(await reaches('near', 'far')).toBe(true);
    expect(await inside('near', 'nslookup 10.77.9.10; nslookup nobody || true')).toMatch(/far\.lan[\s\S]*NXDOMAIN/);
    expect(await inside('near', 'httpd -p 53 -h /etc && wget -qO- 127.0.0.1:53/hostname; nslookup far')).toMatch(
      /10\.77\.9\.10/,
    );
    await docker('network', 'connect', 'bridged', 'near');
    expect(await inside('near', 'nslookup near; ip route')).toMatch(/Name:\s+near[\s\S]*default via (?!10\.77\.9)/);
    await docker('network', 'disconnect', 'bridged', 'near');
    expect(await reaches('near', 'far')).toBe(true);
    await docker('network', 'connect', 'bridged', 'near');
    await docker('network', 'disconnect', 'lan', 'near');
    expect(await inside('near', 'ip link')).not.toContain('eth0');
    expect(await refused('network', 'create', '-d', 'macvlan', '-o', 'parent=wltmv9', 'nowhere')).toContain(
      'parent interface "wltmv9"',
    );
    const ipvlan = await run(
      'docker',
      ['network', 'create', '-d', 'ipvlan', '-o', 'parent=wltmv1', '--subnet', '10.77.10.0/24', 'ipv'],
      { env: { ...process.env, DOCKER_HOST: engine.host } },
    );
    if (ipvlan.exitCode === 0) await docker('network', 'rm', 'ipv');
    else expect(ipvlan.stderr).toContain('kernel has no ipvlan interfaces');
    await docker('rm', '-f', 'far', 'near');
    await docker('network', 'rm', 'lan', 'bridged');
  } finally {
    await run('ip', ['link', 'del', 'wltmv0']);
  }
});
