// Device nodes of the host that a container is given, and their numbers.
import { basename, join } from 'node:path';
import { listIfExists, type NativeHost } from '../host.ts';
import { badRequest } from '../server/api-error.ts';
import type { DeviceNumbers } from './oci-resources.ts';
import type { OciDevice, OciDeviceRule } from './oci-types.ts';
import type { DeviceMapping, HostConfig } from './types.ts';

export interface DeviceFacts {
  readonly devices: readonly OciDevice[];
  readonly rules: readonly OciDeviceRule[];
  readonly numbers: DeviceNumbers;
}

const EVERYTHING: OciDeviceRule = { allow: true, access: 'rwm' };
const NOTHING: OciDeviceRule = { allow: false, access: 'rwm' };
/** In /dev, but made anew in every container. */
const OWN = new Set([
  'pts',
  'shm',
  'mqueue',
  'console',
  'fd',
  'stdin',
  'stdout',
  'stderr',
  'ptmx',
  'core',
  '.lxc',
  '.lxd-mounts',
]);

/** Numbers of the block devices that limits name. */
export async function throttledDevices(host: NativeHost, hostConfig: HostConfig): Promise<DeviceNumbers> {
  const numbers = new Map<string, { major: number; minor: number }>();
  const throttled = [
    ...(hostConfig.BlkioWeightDevice ?? []),
    ...(hostConfig.BlkioDeviceReadBps ?? []),
    ...(hostConfig.BlkioDeviceWriteBps ?? []),
    ...(hostConfig.BlkioDeviceReadIOps ?? []),
    ...(hostConfig.BlkioDeviceWriteIOps ?? []),
  ];
  for (const { Path: path = '' } of throttled) {
    const device = await readDevice(host, path, path);
    if (!device) throw badRequest(`stat ${path}: no such block device`);
    numbers.set(path, { major: device.major, minor: device.minor });
  }
  return numbers;
}

export async function deviceFacts(host: NativeHost, hostConfig: HostConfig): Promise<DeviceFacts> {
  const numbers = await throttledDevices(host, hostConfig);
  if (hostConfig.Privileged) return { devices: await below(host, '/dev', '/dev', 2), rules: [EVERYTHING], numbers };
  const mapped = await Promise.all((hostConfig.Devices ?? []).map((mapping) => mapDevice(host, mapping)));
  const rules = [NOTHING, ...mapped.flatMap((m) => m.rules), ...(hostConfig.DeviceCgroupRules ?? []).map(parseRule)];
  return { devices: mapped.flatMap((m) => m.devices), rules, numbers };
}

async function mapDevice(host: NativeHost, mapping: DeviceMapping): Promise<Omit<DeviceFacts, 'numbers'>> {
  const source = mapping.PathOnHost ?? '';
  const target = mapping.PathInContainer || source;
  const access = mapping.CgroupPermissions || 'rwm';
  const facts = await host.files.stat(source).catch(() => undefined);
  const devices = facts?.isDirectory()
    ? await below(host, source, target, 3)
    : [await readDevice(host, source, target)];
  const found = devices.filter((device) => device !== undefined);
  if (found.length === 0)
    throw new Error(
      `error gathering device information while adding custom device "${source}": no such file or directory`,
    );
  return {
    devices: found,
    rules: found.map(({ type, major, minor }) => ({ allow: true, type, major, minor, access })),
  };
}

async function below(host: NativeHost, folder: string, target: string, depth: number): Promise<OciDevice[]> {
  const found: OciDevice[] = [];
  for (const name of await listIfExists(host.files, folder)) {
    if (OWN.has(basename(name)) || (folder === '/dev' && OWN.has(name))) continue;
    const path = join(folder, name);
    const facts = await host.files.lstat(path).catch(() => undefined);
    if (facts?.isDirectory() && depth > 1) found.push(...(await below(host, path, join(target, name), depth - 1)));
    const device =
      facts?.isCharacterDevice() || facts?.isBlockDevice()
        ? await readDevice(host, path, join(target, name))
        : undefined;
    if (device) found.push(device);
  }
  return found;
}

async function readDevice(host: NativeHost, path: string, target: string): Promise<OciDevice | undefined> {
  const facts = await host.files.stat(path).catch(() => undefined);
  if (!facts || !(facts.isCharacterDevice() || facts.isBlockDevice())) return undefined;
  // Linux packs the numbers as makedev(3): 12 and 20 bits, interleaved.
  const major = ((facts.rdev >>> 8) & 0xfff) | (Math.floor(facts.rdev / 2 ** 32) & ~0xfff);
  const minor = (facts.rdev & 0xff) | ((facts.rdev >>> 12) & 0xfff00);
  const type = facts.isBlockDevice() ? 'b' : 'c';
  return { path: target, type, major, minor, fileMode: facts.mode & 0o777, uid: facts.uid, gid: facts.gid };
}

/** `c 42:* rwm` */
function parseRule(text: string): OciDeviceRule {
  const match = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text);
  if (!match) throw new Error(`invalid device cgroup rule format: '${text}'`);
  const [, type = 'a', major = '*', minor = '*', access = ''] = match;
  return {
    allow: true,
    type,
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  };
}
