import { describe, expect, it } from 'vitest';
import { formatContainers } from '../../../src/cli/output/container-row.ts';
import { goJson, goQuote } from '../../../src/cli/output/go-json.ts';
import { bytesSize, ellipsis, humanDuration, humanSize, shortId } from '../../../src/cli/output/human.ts';
import { formatList } from '../../../src/cli/output/list-format.ts';
import { displayPorts } from '../../../src/cli/output/ports.ts';
import { printList } from '../../../src/cli/output/print-list.ts';
import { formatStats, sampleOf } from '../../../src/cli/output/stats-row.ts';
import { alignTabs, DOCKER_TABLE } from '../../../src/cli/output/tabwriter.ts';
import { goTime, localMicroseconds, rfc3339Nano } from '../../../src/cli/output/time.ts';
import type { ObservedContainer } from '../../../src/engine/engine.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('durations in docker’s words', () => {
  it.each([
    [0, 'Less than a second'],
    [1 * SECOND, '1 second'],
    [59 * SECOND, '59 seconds'],
    [60 * SECOND, 'About a minute'],
    [119 * SECOND, 'About a minute'],
    [2 * MINUTE, '2 minutes'],
    [60 * MINUTE, 'About an hour'],
    [89 * MINUTE, 'About an hour'],
    [90 * MINUTE, '2 hours'],
    [47 * HOUR, '47 hours'],
    [48 * HOUR, '2 days'],
    [13 * DAY, '13 days'],
    [14 * DAY, '2 weeks'],
    [59 * DAY, '8 weeks'],
    [60 * DAY, '2 months'],
    [729 * DAY, '24 months'],
    [730 * DAY, '2 years'],
  ])('%i ms is %s', (duration, text) => {
    expect(humanDuration(duration)).toBe(text);
  });
});

describe('sizes in docker’s words', () => {
  it.each([
    [0, '0B', '0B'],
    [999, '999B', '999B'],
    [1000, '1kB', '1000B'],
    [1_984_230, '1.98MB', '1.892MiB'],
    [123_456_789, '123MB', '117.7MiB'],
    [25_273_131_008, '25.3GB', '23.54GiB'],
    [1_024 ** 5, '1.13PB', '1PiB'],
  ])('%i bytes are %s and %s', (bytes, decimal, binary) => {
    expect(humanSize(bytes, 3)).toBe(decimal);
    expect(bytesSize(bytes)).toBe(binary);
  });
});

describe('short forms', () => {
  it.each([
    ['sha256:611806584582882d06501b03', '611806584582'],
    ['611806584582882d', '611806584582'],
  ])('the id %s is %s', (id, short) => {
    expect(shortId(id)).toBe(short);
  });
  it.each([
    ['short', 20, 'short'],
    ['exactly twenty chars', 20, 'exactly twenty chars'],
    ['one more than twenty!', 20, 'one more than twent…'],
    ['日本語日本語', 8, '日本語…'],
    ['abc', 0, ''],
    ['abc', 1, 'a'],
  ])('%s in %i columns is %s', (text, columns, cut) => {
    expect(ellipsis(text, columns)).toBe(cut);
  });
});

describe('ports', () => {
  const port = (hostIp: string, hostPort: number, containerPort: number, protocol = 'tcp') => ({
    hostIp,
    hostPort,
    containerPort,
    protocol,
  });
  it.each([
    ['none', [], ''],
    ['exposed only', [port('', 0, 80)], '80/tcp'],
    ['published', [port('0.0.0.0', 8080, 80), port('::', 8080, 80)], '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp'],
    ['under its own number', [port('127.0.0.1', 53, 53, 'udp')], '127.0.0.1:53->53/udp'],
    ['a range', [port('', 0, 9001), port('', 0, 9000), port('', 0, 9002)], '9000-9002/tcp'],
    ['a published range', [port('0.0.0.0', 80, 80), port('0.0.0.0', 81, 81)], '0.0.0.0:80-81->80-81/tcp'],
    ['two ranges', [port('', 0, 80), port('', 0, 81), port('', 0, 90)], '80-81/tcp, 90/tcp'],
  ])('%s', (_, ports, text) => {
    expect(displayPorts(ports)).toBe(text);
  });
});

describe('columns', () => {
  it('are as wide as their widest cell, at least the minimum, and the last is not padded', () => {
    expect(alignTabs('NAME\tSTATUS\na-long-name-here\tup\n', DOCKER_TABLE)).toBe(
      'NAME               STATUS\na-long-name-here   up\n',
    );
    expect(alignTabs('A\tB\n', DOCKER_TABLE)).toBe('A         B\n');
  });
  it('are measured by blocks of lines that have them', () => {
    expect(alignTabs('a\tb\tc\nx\nlonger-than-ten\tb\n', { minWidth: 2, padding: 1 })).toBe(
      'a b c\nx\nlonger-than-ten b\n',
    );
  });
});

describe('times as Go prints them', () => {
  const nano = 1_795_266_123_123_456_789n;
  it('in the local zone', () => {
    const zone = process.env.TZ;
    process.env.TZ = 'UTC';
    try {
      expect(goTime(1_795_266_123)).toBe('2026-11-21 13:02:03 +0000 UTC');
      expect(localMicroseconds(nano)).toBe('2026-11-21 13:02:03.123456');
      expect(rfc3339Nano(nano)).toBe('2026-11-21T13:02:03.123456789Z');
      expect(rfc3339Nano(1_795_266_123_500_000_000n)).toBe('2026-11-21T13:02:03.5Z');
      expect(rfc3339Nano(1_795_266_123_000_000_000n)).toBe('2026-11-21T13:02:03Z');
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });
});

describe('Go’s JSON and quotes', () => {
  it('escapes what a browser might take for markup, unless told not to', () => {
    expect(goJson({ a: '<b> & c' })).toBe('{"a":"\\u003cb\\u003e \\u0026 c"}');
    expect(goJson({ a: '<b>' }, { escapeHtml: false })).toBe('{"a":"<b>"}');
    expect(
      goJson(
        new Map([
          ['z', 1],
          ['a', 2],
        ]),
      ),
    ).toBe('{"a":2,"z":1}');
  });
  it.each([
    ['sh -c "x"', '"sh -c \\"x\\""'],
    ['tab\there', '"tab\\there"'],
    ['é…日', '"é…日"'],
    ['\u0001\u007f', '"\\x01\\x7f"'],
    ['\u200b', '"\\u200b"'],
  ])('quotes %j', (text, quoted) => {
    expect(goQuote(text)).toBe(quoted);
  });
});

const container: ObservedContainer = {
  id: 'b8a8486286a123e34d8cb0d3be9fca59ffbd29c3bf7e13469674efe61962baec',
  name: 'shop-web-1',
  image: 'busybox',
  imageId: 'sha256:611806584582',
  command: 'sh -c "while true; do sleep 1; done"',
  state: 'running',
  health: 'healthy',
  exitCode: undefined,
  status: 'Up 2 seconds (healthy)',
  createdAt: 1000,
  labels: { 'com.docker.compose.service': 'web', 'com.docker.compose.project': 'shop', 'a.b': '1' },
  networks: { shop_default: { id: 'n', address: '' } },
  mounts: [
    { type: 'volume', name: 'shop_data', driver: 'local', source: '/v', target: '/data', readWrite: true },
    { type: 'bind', name: '', source: '/a/very/long/path/on/the/host', target: '/x', readWrite: true },
  ],
  ports: [{ hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
};

describe('ps', () => {
  const options = { truncate: true, now: 1_004_000 };
  it('prints a table', () => {
    expect(formatContainers([container], 'table', options)).toBe(
      'NAME         IMAGE     COMMAND                   SERVICE   CREATED         STATUS                   PORTS\n' +
        'shop-web-1   busybox   "sh -c \\"while true; …"   web       4 seconds ago   Up 2 seconds (healthy)   0.0.0.0:8080->80/tcp\n',
    );
  });
  it('prints one JSON object per line with the fields of docker compose', () => {
    const [line = '', ...rest] = formatContainers([container], 'json', options).split('\n');
    expect(rest).toEqual(['']);
    expect(JSON.parse(line)).toEqual({
      Command: '"sh -c \\"while true; …"',
      CreatedAt: expect.stringContaining('1970-01-01 '),
      ExitCode: 0,
      Health: 'healthy',
      ID: 'b8a8486286a1',
      Image: 'busybox',
      Labels: 'a.b=1,com.docker.compose.project=shop,com.docker.compose.service=web',
      LocalVolumes: '1',
      Mounts: '/a/very/long/p…,shop_data',
      Name: 'shop-web-1',
      Names: 'shop-web-1',
      Networks: 'shop_default',
      Ports: '0.0.0.0:8080->80/tcp',
      Project: 'shop',
      Publishers: [{ URL: '0.0.0.0', TargetPort: 80, PublishedPort: 8080, Protocol: 'tcp' }],
      RunningFor: '4 seconds ago',
      Service: 'web',
      Size: '0B',
      State: 'running',
      Status: 'Up 2 seconds (healthy)',
    });
    expect(line).toContain('0.0.0.0:8080-\\u003e80/tcp');
  });
  it('prints a header and nothing else without containers', () => {
    expect(formatContainers([], 'table', options)).toMatch(/^NAME +IMAGE +COMMAND .*PORTS\n$/);
    expect(formatContainers([], 'json', options)).toBe('');
  });
  it('tells the exit code of what has ended, and health of what runs', () => {
    const ended = { ...container, state: 'exited', exitCode: 7 } as const;
    expect(formatContainers([ended], '{{.ExitCode}} {{.Health}}|', options)).toBe('7 |\n');
  });
});

describe('lists', () => {
  const list = { headers: ['NAME', 'STATUS'], rows: [['shop', 'running(2)']], json: [{ Name: 'shop' }] };
  it('print as table or JSON and refuse anything else', () => {
    expect(printList('table', list)).toBe('NAME                STATUS\nshop                running(2)\n');
    expect(printList('json', list)).toBe('[{"Name":"shop"}]\n');
    expect(() => printList('yaml', list)).toThrow('format value "yaml" could not be parsed');
  });
  it('keep the titles of columns whatever functions the template applies', () => {
    const text = formatList([{ Name: 'a' }], {
      format: 'table {{.Name | upper}}\\t{{json .Name}}',
      defaultTable: '',
      headers: { Name: 'Name' },
    });
    expect(text).toBe('Name      Name\nA         "a"\n');
  });
});

describe('stats', () => {
  const document = {
    cpu_stats: { cpu_usage: { total_usage: 300 }, system_cpu_usage: 2000, online_cpus: 2 },
    precpu_stats: { cpu_usage: { total_usage: 200 }, system_cpu_usage: 1000 },
    memory_stats: { usage: 3 * 1024 ** 2, limit: 1024 ** 3, stats: { inactive_file: 1024 ** 2 } },
    networks: { eth0: { rx_bytes: 1000, tx_bytes: 0 }, eth1: { rx_bytes: 500, tx_bytes: 10 } },
    blkio_stats: {
      io_service_bytes_recursive: [
        { op: 'Read', value: 4096 },
        { op: 'write', value: 1 },
      ],
    },
    pids_stats: { current: 3 },
  };
  it('computes what docker shows', () => {
    expect(formatStats([{ id: 'abc', name: 'web', sample: sampleOf(document) }], '{{json .}}', true)).toBe(
      '{"BlockIO":"4.1kB / 1B","CPUPerc":"20.00%","Container":"abc","ID":"abc","MemPerc":"0.20%","MemUsage":"2MiB / 1GiB","Name":"web","NetIO":"1.5kB / 10B","PIDs":"3"}\n',
    );
  });
  it('shows dashes for a container without a sample', () => {
    expect(formatStats([{ id: 'abc', name: 'web', sample: undefined }], '{{.CPUPerc}} {{.MemUsage}}', true)).toBe(
      '-- -- / --\n',
    );
  });
});
