// Whose ids containers have where users are remapped, and what is told where there are none.
import { describe, expect, test, vi } from 'vitest';
import { usersOfContainers } from '../../src/cli/doctor/native-facts.ts';
import { type NativeHost, realNativeHost } from '../../src/engine/native/host.ts';
import {
  containerIds,
  highestId,
  hostIds,
  type IdMapping,
  mapText,
  rootIds,
} from '../../src/engine/native/user-namespaces/id-mapping.ts';
import { remapping } from '../../src/engine/native/user-namespaces/remap.ts';
import { freeRange, rangesOf } from '../../src/engine/native/user-namespaces/subordinate-ids.ts';
import { WindlassError } from '../../src/errors.ts';

const MAPPING: IdMapping = {
  users: [
    { inside: 0, host: 100000, size: 1000 },
    { inside: 1000, host: 300000, size: 64536 },
  ],
  groups: [{ inside: 0, host: 200000, size: 65536 }],
};

describe('ids', () => {
  test.each([
    [
      { uid: 0, gid: 0 },
      { uid: 100000, gid: 200000 },
    ],
    [
      { uid: 999, gid: 5 },
      { uid: 100999, gid: 200005 },
    ],
    [
      { uid: 1000, gid: 65535 },
      { uid: 300000, gid: 265535 },
    ],
  ])('%j inside are %j on the host, and back', (inside, host) => {
    expect(hostIds(MAPPING, inside)).toEqual(host);
    expect(containerIds(MAPPING, host)).toEqual(inside);
  });
  test('what the host has beside them is nobody inside', () => {
    expect(containerIds(MAPPING, { uid: 0, gid: 265536 })).toEqual({ uid: 65534, gid: 65534 });
  });
  test('what the container has beside them cannot be had', () => {
    expect(() => hostIds(MAPPING, { uid: 65536, gid: 0 })).toThrow('Container ID 65536 cannot be mapped to a host ID');
    expect(() => hostIds(MAPPING, { uid: 0, gid: 70000 })).toThrow('Container ID 70000 cannot be mapped');
  });
  test('without a mapping they are the same', () => {
    expect([rootIds(undefined), containerIds(undefined, { uid: 3, gid: 4 })]).toEqual([
      { uid: 0, gid: 0 },
      { uid: 3, gid: 4 },
    ]);
  });
  test('as the kernel takes them', () => {
    expect(mapText(MAPPING.users)).toBe('0 100000 1000\n1000 300000 64536\n');
    expect(highestId(MAPPING.users)).toBe(65535);
  });
});

describe('subordinate ids', () => {
  const FILE = '# of this machine\nann:100000:65536\n1000:500000:10\nbob:400000:100\nbob:300000:50\nbroken\neve:7:0\n';
  test.each([
    ['by name', { name: 'ann', uid: 5 }, [{ inside: 0, host: 100000, size: 65536 }]],
    ['the number counts before the name', { name: 'ann', uid: 1000 }, [{ inside: 0, host: 500000, size: 10 }]],
    [
      'several become one row, the lowest first',
      { name: 'bob', uid: 6 },
      [
        { inside: 0, host: 300000, size: 50 },
        { inside: 50, host: 400000, size: 100 },
      ],
    ],
    ['none', { name: 'eve', uid: 7 }, []],
  ])('%s', (_, user, expected) => {
    expect(rangesOf(FILE, user)).toEqual(expected);
  });
  test('a free range is behind all others', () => {
    expect([freeRange(''), freeRange(FILE)]).toEqual([100000, 500010]);
  });
});

/** A machine with these users, groups and grants. useradd and usermod do what they do. */
function machine(start: {
  users?: string[];
  groups?: string[];
  subuid?: string;
  subgid?: string;
  tools?: boolean;
  config?: string;
}) {
  const files = new Map([
    ['/etc/subuid', start.subuid ?? ''],
    ['/etc/subgid', start.subgid ?? ''],
    ['/engine.json', start.config ?? '{}'],
  ]);
  const tables = { passwd: [...(start.users ?? [])], group: [...(start.groups ?? [])] };
  const done: string[] = [];
  const run = async (program: string, args: readonly string[]) => {
    if (program === 'getent') {
      const [table = '', , key = ''] = args;
      const lines = table === 'passwd' ? tables.passwd : tables.group;
      const found = lines.find((line) => line.split(':')[0] === key || line.split(':')[2] === key);
      return { exitCode: found ? 0 : 2, stdout: found ? `${found}\n` : '', stderr: '' };
    }
    done.push([program, ...args].join(' '));
    const name = args.at(-1) ?? '';
    if (program === 'useradd') {
      tables.passwd.push(`${name}:x:998:998::/home/${name}:/usr/sbin/nologin`);
      tables.group.push(`${name}:x:998:`);
    }
    for (const [option, file] of [
      ['--add-subuids', '/etc/subuid'],
      ['--add-subgids', '/etc/subgid'],
    ] as const) {
      const [first = 0, last = 0] = (args[args.indexOf(option) + 1] ?? '').split('-').map(Number);
      if (args.includes(option)) files.set(file, `${files.get(file)}${name}:${first}:${last - first + 1}\n`);
    }
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  const real = realNativeHost();
  const host: NativeHost = {
    ...real,
    run,
    files: {
      ...real.files,
      readFile: (async (path: string) => files.get(path) ?? '') as unknown as NativeHost['files']['readFile'],
      stat: (async () => {
        if (start.tools === false) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
        return { isFile: () => true, mode: 0o755 };
      }) as unknown as NativeHost['files']['stat'],
    },
  };
  return { host, done };
}

const USERS = ['root:x:0:0::/root:/bin/sh', 'ann:x:1000:1000::/home/ann:/bin/sh', 'nobody:x:65534:65534::/:/bin/false'];
const GROUPS = ['root:x:0:', 'ann:x:1000:', 'nogroup:x:65534:'];
const GRANT = 'ann:100000:65536\n';
const RANGE = [{ inside: 0, host: 100000, size: 65536 }];

describe('userns-remap', () => {
  test.each(['ann', '1000', 'ann:nogroup', '1000:65534', 'ann:65534'])('%s', async (setting) => {
    const { host, done } = machine({ users: USERS, groups: GROUPS, subuid: GRANT, subgid: GRANT });
    expect(await remapping(host, setting)).toEqual({ users: RANGE, groups: RANGE });
    expect(done).toEqual([]);
  });

  test('default makes its user, and gives it ids that nobody has', async () => {
    const { host, done } = machine({ users: USERS, groups: GROUPS, subuid: GRANT, subgid: '' });
    const mapping = await remapping(host, 'default');
    expect(mapping.users).toEqual([{ inside: 0, host: 165536, size: 65536 }]);
    expect(mapping.groups).toEqual(RANGE);
    expect(done).toEqual([
      'useradd --system --user-group --no-create-home --shell /usr/sbin/nologin windlass-remap',
      'usermod --add-subuids 165536-231071 --add-subgids 100000-165535 windlass-remap',
    ]);
    expect(await remapping(host, 'default')).toEqual(mapping);
    expect(done).toHaveLength(2);
  });

  test.each([
    ['eve', 'there is no user "eve"', 'useradd --system'],
    ['nobody', 'there is no group "nobody"', 'groupadd --system nobody'],
    ['ann:eve', 'there is no group "eve"', 'groupadd --system eve'],
    [
      'nobody:nogroup',
      '"nobody" has no subordinate ids in /etc/subuid and /etc/subgid',
      'usermod --add-subuids 165536',
    ],
    ['root', 'root cannot be remapped to itself', 'name another user'],
    ['ann:ann:ann', '"ann:ann:ann" is no user', 'write "default"'],
    [':ann', '":ann" is no user', 'write "default"'],
  ])('%s is refused with what to do', async (setting, message, hint) => {
    const { host, done } = machine({ users: USERS, groups: GROUPS, subuid: GRANT, subgid: GRANT });
    const error = await remapping(host, setting).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WindlassError);
    expect(error).toMatchObject({ message: `users cannot be remapped: ${message}` });
    expect((error as WindlassError).hint).toContain(hint);
    expect(done).toEqual([]);
  });

  test('default needs the programs that make users', async () => {
    const { host } = machine({ users: USERS, groups: GROUPS, tools: false });
    await expect(remapping(host, 'default')).rejects.toThrow('useradd is not installed');
  });
});

test.each([
  ['{}', 'info', 'not remapped'],
  ['{"userns-remap": "default"}', 'ok', 'root in a container is the first subordinate id of "windlass-remap" here'],
  ['{"userns-remap": "ann"}', 'ok', 'root in a container is 100000:100000 here'],
  ['{"userns-remap": "eve"}', 'problem', 'there is no user "eve"'],
  ['{"userns-remap": 5}', 'problem', '"userns-remap" is no text'],
])('doctor tells of %s', async (config, verdict, detail) => {
  vi.stubEnv('WINDLASS_ENGINE_CONFIG', '/engine.json');
  try {
    const { host, done } = machine({ users: USERS, groups: GROUPS, subuid: GRANT, subgid: GRANT, config });
    expect(await usersOfContainers(host)).toMatchObject({ verdict, detail: expect.stringContaining(detail) });
    expect(done).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
  }
});
