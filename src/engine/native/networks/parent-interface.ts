// The host's interface below a macvlan or ipvlan network: the one that was named, a VLAN on it, or, where none was named, a
// dummy interface that leads nowhere.
import { randomBytes } from 'node:crypto';
import { messageOf } from '../../../errors.ts';
import { deleteLink } from '../../../network/bridge.ts';
import { addDummy, addVlan, trySubInterface, vlanOf } from '../../../network/sub-interface.ts';
import { exists, type Files, type NativeHost } from '../host.ts';
import { ApiError, badRequest } from '../server/api-error.ts';
import type { IpBatch } from './ip-batch.ts';
import { type NetworkRecord, optionsOf } from './record.ts';

export class ParentInterface {
  readonly #host: NativeHost;
  readonly #batch: IpBatch;

  constructor(host: NativeHost, batch: IpBatch) {
    this.#host = host;
    this.#batch = batch;
  }

  /** Refuses a network that this host cannot have: before its record is kept. */
  async check(record: NetworkRecord): Promise<void> {
    const driver = record.driver === 'ipvlan' ? 'ipvlan' : 'macvlan';
    const parent = record.parent ?? '';
    const made = await this.bringUp(record);
    try {
      const interfaceName = `wt${randomBytes(5).toString('hex')}`;
      const { mode } = optionsOf(record);
      await this.#run(driver, trySubInterface({ driver, mode, parent, interfaceName }));
    } catch (error) {
      if (made) await this.takeDown(record).catch(() => undefined);
      throw error;
    }
  }

  /** Makes the parent where it is one that the engine makes. Resolves to whether it did. */
  async bringUp(record: NetworkRecord): Promise<boolean> {
    const parent = record.parent ?? '';
    if (await hasInterface(this.#host.files, parent)) return false;
    if (isOwnDummy(record)) {
      await this.#run('dummy', addDummy(parent));
      return true;
    }
    const vlan = vlanOf(parent);
    if (!vlan || !(await hasInterface(this.#host.files, vlan.below)))
      throw badRequest(`parent interface "${parent}" of network "${record.name}" does not exist on this host`);
    await this.#run('vlan', addVlan(parent, vlan));
    return true;
  }

  /** Removes a dummy of the engine's own. A VLAN interface may have got other users and stays, as any interface of the host. */
  async takeDown(record: NetworkRecord): Promise<void> {
    if (isOwnDummy(record) && (await hasInterface(this.#host.files, record.parent ?? '')))
      await this.#batch.run(deleteLink(record.parent ?? ''));
  }

  async #run(kind: string, text: string): Promise<void> {
    try {
      await this.#batch.run(text);
    } catch (error) {
      if (/Unknown device type|not supported/i.test(messageOf(error)))
        throw new ApiError(
          501,
          `this host's kernel has no ${kind} interfaces (kernel module "${MODULES[kind] ?? kind}")`,
        );
      throw new ApiError(500, messageOf(error), { cause: error });
    }
  }
}

/** Whether the host has an interface of that name. */
export const hasInterface = (files: Pick<Files, 'stat'>, name: string): Promise<boolean> =>
  exists(files, `/sys/class/net/${name}`);

const MODULES: Readonly<Record<string, string>> = { vlan: '8021q' };

const isOwnDummy = (record: NetworkRecord): boolean => record.parent === `dm-${record.id.slice(0, 12)}`;
