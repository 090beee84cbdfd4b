// Where the engine keeps what: one place that knows the layout of its two folders.
//
//   <lib>/                       kept over reboots
//     images/records/<hex>.json  layers, size and digests of an image
//     images/{references,tagged,variants}.json names of images: what they mean, since when, on other platforms
//     images/blobs/sha256/<hex>  configurations and layers as they came
//     images/layers/<diff id>/{diff/,size}     one unpacked layer, read-only, shared
//     images/l/<short>           symbolic link to the layer: keeps mount options short
//     images/builder/            the build cache, cache mounts, work of running builds
//     containers/<id>/record.json              what the container is and how it fares
//     containers/<id>/{hosts,hostname,resolv.conf,log,upper/,work/}
//     networks/<id>.json   volumes/<name>/{volume.json,_data/}
//   <run>/                       gone with a reboot
//     boot   exits/<id>          which boot it is of; exit statuses, written by the monitors
//     containers/<id>/{config.json,rootfs/,pid,attach,ctl}
//     runtime/                   the OCI runtime's own state
//     mapped/<digits>/           the image store, mounted with the owners that remapped containers see
import { join } from 'node:path';

export interface Paths {
  readonly lib: string;
  readonly run: string;
  readonly images: string;
  readonly blobs: string;
  readonly layers: string;
  readonly layerLinks: string;
  readonly references: string;
  readonly containers: string;
  readonly networks: string;
  readonly volumes: string;
  readonly exits: string;
  readonly runtimeState: string;
  readonly mapped: string;
  container(id: string): ContainerPaths;
}

export interface ContainerPaths {
  /** Kept: the record, the log, the writable layer. */
  readonly home: string;
  readonly record: string;
  readonly log: string;
  readonly upper: string;
  readonly work: string;
  readonly hosts: string;
  readonly hostname: string;
  readonly resolvConf: string;
  readonly shm: string;
  /** While it runs: the OCI bundle and the monitor's sockets. */
  readonly bundle: string;
  readonly rootfs: string;
  readonly pidFile: string;
}

export interface ContainerFolders {
  readonly home: string;
  readonly bundle: string;
  /** What stands for files of the container's own /etc. */
  readonly etc: string;
}

/** How a container's folders are laid out, wherever they are. */
export const containerPaths = ({ home, bundle, etc }: ContainerFolders): ContainerPaths => ({
  home,
  record: join(home, 'record.json'),
  log: join(home, 'log'),
  upper: join(home, 'upper'),
  work: join(home, 'work'),
  hosts: join(etc, 'hosts'),
  hostname: join(etc, 'hostname'),
  resolvConf: join(etc, 'resolv.conf'),
  shm: join(bundle, 'shm'),
  bundle,
  rootfs: join(bundle, 'rootfs'),
  pidFile: join(bundle, 'pid'),
});

export function pathsUnder(lib: string, run: string): Paths {
  return {
    lib,
    run,
    images: join(lib, 'images'),
    blobs: join(lib, 'images/blobs/sha256'),
    layers: join(lib, 'images/layers'),
    layerLinks: join(lib, 'images/l'),
    references: join(lib, 'images/references.json'),
    containers: join(lib, 'containers'),
    networks: join(lib, 'networks'),
    volumes: join(lib, 'volumes'),
    exits: join(run, 'exits'),
    runtimeState: join(run, 'runtime'),
    mapped: join(run, 'mapped'),
    container(id) {
      const home = join(lib, 'containers', id);
      return containerPaths({ home, bundle: join(run, 'containers', id), etc: home });
    },
  };
}
