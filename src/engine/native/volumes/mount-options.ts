// Mount options as mount(8) writes them → what mount(2) takes: bits for those that every file system has, text for the rest. Pure.
import { MS_RDONLY, MS_REC } from '../kernel.ts';

/** Bits of mount(2) that an option sets, and those that it takes back. */
const BITS: Readonly<Record<string, { readonly set?: number; readonly clear?: number }>> = {
  defaults: {},
  ro: { set: 1 },
  rw: { clear: 1 },
  nosuid: { set: 2 },
  suid: { clear: 2 },
  nodev: { set: 4 },
  dev: { clear: 4 },
  noexec: { set: 8 },
  exec: { clear: 8 },
  sync: { set: 16 },
  async: { clear: 16 },
  mand: { set: 64 },
  nomand: { clear: 64 },
  dirsync: { set: 128 },
  noatime: { set: 1024 },
  atime: { clear: 1024 },
  nodiratime: { set: 2048 },
  diratime: { clear: 2048 },
  bind: { set: 4096 },
  rbind: { set: 4096 | MS_REC },
  relatime: { set: 2 ** 21 },
  norelatime: { clear: 2 ** 21 },
  strictatime: { set: 2 ** 24 },
  nostrictatime: { clear: 2 ** 24 },
};

/** How mounts on it are passed on: the kernel takes this in a call of its own. */
const PROPAGATION: Readonly<Record<string, number>> = {
  unbindable: 2 ** 17,
  runbindable: (2 ** 17) | MS_REC,
  private: 2 ** 18,
  rprivate: (2 ** 18) | MS_REC,
  slave: 2 ** 19,
  rslave: (2 ** 19) | MS_REC,
  shared: 2 ** 20,
  rshared: (2 ** 20) | MS_REC,
};

export interface MountOptions {
  readonly flags: number;
  readonly readOnly: boolean;
  /** 0 for none. */
  readonly propagation: number;
  /** What only the file system itself knows: `size=1m,uid=5`. */
  readonly data: string;
}

/** Of options that contradict each other the last one counts. */
export function mountOptions(text: string): MountOptions {
  let [flags, propagation] = [0, 0];
  const data: string[] = [];
  for (const word of text.split(',').filter((part) => part !== '')) {
    const bits = Object.hasOwn(BITS, word) ? BITS[word] : undefined;
    const passed = Object.hasOwn(PROPAGATION, word) ? PROPAGATION[word] : undefined;
    if (bits) flags = (flags | (bits.set ?? 0)) & ~(bits.clear ?? 0);
    else if (passed !== undefined) propagation = passed;
    else data.push(word);
  }
  return { flags, readOnly: (flags & MS_RDONLY) !== 0, propagation, data: data.join(',') };
}
