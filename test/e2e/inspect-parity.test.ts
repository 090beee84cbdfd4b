// The same stack, created by docker compose and by windlass: `docker inspect` shows the same containers, networks and volumes.
import { describe, expect, it } from 'vitest';
import { type Scenario, scenario } from '../support/scenario.ts';

/** Each is the services of one file; every one is created by both. Engine API 1.41 takes all of them. */
const STACKS: Readonly<Record<string, string>> = {
  process: `
services:
  plain: {image: busybox, command: sleep 9}
  words: {image: busybox, command: [sh, -c, 'echo "$$A" > /x'], entrypoint: [/bin/env], working_dir: /tmp, user: "7:8"}
  cleared: {image: busybox, entrypoint: [], command: [sleep, "9"]}
  env: {image: busybox, environment: {A: "1", EMPTY: "", QUOTED: 'a "b" $$c', UNSET: null}, env_file: [{path: ./e.env}]}
  names: {image: busybox, hostname: box, domainname: example.org, container_name: "\${COMPOSE_PROJECT_NAME}-own", labels: {a.b: "c=d", e: ""}}
  stops: {image: busybox, stop_signal: SIGINT, stop_grace_period: 1m30s, init: true, tty: true, stdin_open: true}
  noinit: {image: busybox, init: false, stop_grace_period: 500ms}
  expose: {image: busybox, expose: ["80", "90/udp", "100-102"]}
`,
  restart: `
services:
  never: {image: busybox, restart: "no"}
  always: {image: busybox, restart: always}
  failure: {image: busybox, restart: "on-failure:3"}
  stopped: {image: busybox, restart: unless-stopped}
  policy: {image: busybox, restart: always, deploy: {restart_policy: {condition: on-failure, max_attempts: 4}}}
  any: {image: busybox, deploy: {restart_policy: {condition: any}}}
  none: {image: busybox, restart: always, deploy: {restart_policy: {condition: none}}}
`,
  health: `
services:
  shell: {image: busybox, healthcheck: {test: "true || exit 1", interval: 1m30s, timeout: 500ms, retries: 5, start_period: 2s}}
  exec: {image: busybox, healthcheck: {test: [CMD, "true"]}}
  off: {image: busybox, healthcheck: {disable: true}}
  none: {image: busybox, healthcheck: {test: [NONE]}}
  partly: {image: busybox, healthcheck: {interval: 7s}}
`,
  limits: `
services:
  cpu: {image: busybox, cpus: 0.35, cpu_shares: 300, cpuset: "0", pids_limit: 50}
  quota: {image: busybox, cpu_period: 50000, cpu_quota: 25000}
  memory: {image: busybox, mem_limit: 64m, mem_reservation: 32m, memswap_limit: 128m, mem_swappiness: 50, shm_size: 16m, oom_score_adj: 100}
  deploy:
    image: busybox
    deploy: {resources: {limits: {cpus: "0.5", memory: 50M, pids: 20}, reservations: {memory: 20M, cpus: "0.25"}}}
  ulimits: {image: busybox, ulimits: {nproc: 1024, nofile: {soft: 100, hard: 200}}}
  blkio:
    image: busybox
    blkio_config:
      weight: 300
      device_read_bps: [{path: /dev/null, rate: 1mb}]
      device_write_iops: [{path: /dev/null, rate: 30}]
  devices: {image: busybox, devices: ["/dev/null:/dev/nothing:r", "/dev/zero"], device_cgroup_rules: ["c 1:3 mr"]}
`,
  security: `
services:
  caps: {image: busybox, cap_add: [NET_ADMIN, SYS_TIME], cap_drop: [ALL], group_add: [audio, "44"]}
  privileged: {image: busybox, privileged: true, read_only: true}
  options: {image: busybox, security_opt: ["no-new-privileges:true", "apparmor=unconfined"]}
  seccomp: {image: busybox, security_opt: ["seccomp=./seccomp.json"]}
  unmasked: {image: busybox, security_opt: ["systempaths=unconfined", "seccomp:unconfined"]}
  spaces: {image: busybox, pid: host, ipc: shareable, uts: host, userns_mode: host, cgroup: private}
  cgroup: {image: busybox, cgroup_parent: /wlt, cgroup: host}
  sysctls: {image: busybox, sysctls: {net.core.somaxconn: 1024, net.ipv4.tcp_syncookies: "0"}}
  runtime: {image: busybox, runtime: runc}
  logging: {image: busybox, logging: {driver: json-file, options: {max-size: 1m, max-file: "3"}}}
  nolog: {image: busybox, logging: {driver: none}}
`,
  storage: `
services:
  short: {image: busybox, volumes: ["./here:/here", "./here:/ro:ro", "data:/data", "data:/dro:ro", "/anon", "./here:/z:z"]}
  long:
    image: busybox
    volumes:
      - {type: bind, source: ./here, target: /a}
      - {type: bind, source: ./here, target: /b, read_only: true, bind: {create_host_path: false}}
      - {type: bind, source: ./here, target: /c, bind: {propagation: rslave}}
      - {type: volume, source: data, target: /d, volume: {nocopy: true}}
      - {type: volume, source: ours, target: /e}
      - {type: volume, target: /f}
      - {type: volume, source: data, target: /g, read_only: true, volume: {labels: {k: v}}}
      - {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0700}}
  tmpfs: {image: busybox, tmpfs: [/run, "/tmp:size=64k,mode=1777"]}
  made: {image: busybox, volumes: ["./made/by/the/engine:/x"]}
  files: {image: busybox, secrets: [hush, {source: hush, target: other}], configs: [{source: conf, target: /etc/conf}, conf]}
volumes:
  data: {labels: {x: y}}
  ours: {name: "\${COMPOSE_PROJECT_NAME}_named", driver: local, driver_opts: {type: tmpfs, device: tmpfs, o: size=1m}}
secrets: {hush: {file: ./secret}}
configs: {conf: {file: ./config}}
`,
  networks: `
services:
  default: {image: busybox}
  several:
    image: busybox
    networks:
      back: {aliases: [one, two], ipv4_address: 10.217.5.9}
      front: {priority: 10}
  mac: {image: busybox, mac_address: "02:42:0a:d9:05:77", networks: [back]}
  dns: {image: busybox, dns: [10.0.0.1, 10.0.0.2], dns_search: example.org, dns_opt: ["ndots:3"]}
  hosts: {image: busybox, extra_hosts: ["a:10.1.1.1", "b=10.1.1.2", "gw:host-gateway"]}
  none: {image: busybox, network_mode: none}
  host: {image: busybox, network_mode: host}
  bridge: {image: busybox, network_mode: bridge}
  ports: {image: busybox, ports: ["80", "127.0.0.1:29871:81", "29872-29873:82-83", "29874:84/udp", {target: 85, published: "29875-29879", host_ip: 127.0.0.1}]}
  linked: {image: busybox, links: ["default:d", "mac"], networks: [back, default]}
networks:
  back:
    ipam: {config: [{subnet: 10.217.5.0/24, gateway: 10.217.5.1, ip_range: 10.217.5.128/25, aux_addresses: {spare: 10.217.5.200}}]}
    labels: {n: m}
  front: {internal: true, attachable: true, driver_opts: {com.docker.network.bridge.name: wlt-parity0}}
`,
};

const FILES = {
  'e.env': 'FROM_FILE=1\nA=overridden\n',
  'seccomp.json': '{ "defaultAction": "SCMP_ACT_ALLOW",\n  "syscalls": [] }\n',
  'here/file': 'x',
  secret: 'hush',
  config: 'conf',
};

/** Differs between any two creations, or is the order of a map. */
const VOLATILE = new Set([
  ...[
    'Id',
    'Created',
    'ResolvConfPath',
    'HostnamePath',
    'HostsPath',
    'LogPath',
    'NetworkID',
    'EndpointID',
    'SandboxID',
    'CreatedAt',
    'GraphDriver',
  ],
  ...['com.docker.compose.depends_on', 'io.windlass.content-hash'],
]);
/** Lists whose order has no meaning, and which docker compose writes in the order of a Go map. */
const UNORDERED = new Set(['Env', 'Binds', 'Mounts', 'Ulimits', 'ExtraHosts', 'Aliases', 'Links', 'DNSNames']);

function comparable(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => comparable(item));
    return UNORDERED.has(key) ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => !VOLATILE.has(name));
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, item]) => [name, comparable(item, name)]),
  );
}

type Inspected = Readonly<Record<string, unknown>>;

/** Everything of the project, by kind and name. */
async function inspect(own: Scenario): Promise<Inspected> {
  const list = async (args: readonly string[]): Promise<string[]> => {
    const { stdout } = await own.docker([...args, '--filter', `label=com.docker.compose.project=${own.project}`]);
    return stdout.split('\n').filter((line) => line !== '');
  };
  const found: Record<string, unknown> = {};
  const ids = {
    container: await list(['ps', '-aq', '--no-trunc']),
    network: await list(['network', 'ls', '-q', '--no-trunc']),
    volume: await list(['volume', 'ls', '-q']),
  };
  for (const [kind, names] of Object.entries(ids)) {
    if (names.length === 0) continue;
    const { stdout } = await own.docker([kind, 'inspect', ...names]);
    for (const one of JSON.parse(stdout) as Record<string, unknown>[]) {
      const anonymous = /^[0-9a-f]{64}$/.test(String(one.Name));
      if (!anonymous)
        found[`${kind} ${String(one.Name)}`] = JSON.parse(withoutAccidents(JSON.stringify(comparable(one))));
    }
  }
  return found;
}

/** Ids of 64 digits, host names made of ids, and the paths of anonymous volumes. */
const withoutAccidents = (text: string): string =>
  text
    .replace(/[0-9a-f]{64}/g, '<id>')
    // The engine picks the next free subnet where none is asked for.
    .replace(/"(Gateway|Subnet)":"(?!10\.217\.)[^"]*"/g, '"$1":"<free>"')
    .replace(/"Hostname":"[0-9a-f]{12}"/g, '"Hostname":"<id>"')
    // Engines may count the short id among the names already before the start; where it stands among them is chance.
    .replace(/\["[0-9a-f]{12}",?/g, '[')
    .replace(/,"[0-9a-f]{12}"/g, '');

describe('docker inspect shows the same, whether docker compose or windlass created', () => {
  it.each(Object.entries(STACKS))('%s', async (_name, text) => {
    const own = await scenario({ files: { ...FILES, 'compose.yaml': text } });
    await own.compose(['create']);
    const peers = await inspect(own);
    await own.compose(['down', '--volumes', '--remove-orphans']);
    await own.windlass(['create']);
    const ours = await inspect(own);
    expect(Object.keys(peers).length).toBeGreaterThan(3);
    expect(ours).toEqual(peers);
    await own.windlass(['down', '--volumes']);
    await own.expectNothingLeft();
  });
});
