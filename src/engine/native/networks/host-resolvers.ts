// The resolvers that the host itself asks: what no container is called is looked for there.
import { nameservers } from '../../../network/dns/server.ts';
import { type NativeHost, readIfExists } from '../host.ts';

const FILE = '/etc/resolv.conf';

/** Follows the host from one network to another: its file is read again when it has changed. */
export class HostResolvers {
  readonly #host: Pick<NativeHost, 'files'>;
  /** Of the file as it was read. */
  #version = '';
  #addresses: readonly string[] = [];

  constructor(host: Pick<NativeHost, 'files'>) {
    this.#host = host;
  }

  /** A look at the file's times with every question costs nothing beside the question that follows. */
  async addresses(): Promise<readonly string[]> {
    const facts = await this.#host.files.stat(FILE).catch(() => undefined);
    const version = facts === undefined ? '' : [facts.dev, facts.ino, facts.mtimeMs, facts.size].join(' ');
    if (version !== this.#version) {
      this.#addresses = nameservers((await readIfExists(this.#host.files, FILE)) ?? '');
      this.#version = version;
    }
    return this.#addresses;
  }
}
