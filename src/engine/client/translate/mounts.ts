// Volumes, binds and tmpfs: the older Binds field where it suffices, since only it creates missing host paths on every
// engine; Mounts where an option needs it. The rules are docker compose's (compose-reference §2.10).
import { resolve } from 'node:path';
import type { Mount } from '../../../model.ts';
import type { CreateContainer } from '../../engine.ts';

export interface MountBody {
  readonly Type: string;
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly Consistency?: string;
  readonly BindOptions?: object;
  readonly VolumeOptions?: object;
  readonly TmpfsOptions?: object;
  readonly ImageOptions?: object;
}

export interface MountFields {
  readonly Binds?: readonly string[];
  readonly Mounts?: readonly MountBody[];
}

/** A later mount of the same target wins; inherited anonymous volumes give way to named ones. */
export function mounts(request: CreateContainer): MountFields {
  const chosen = new Map<string, string | MountBody>();
  for (const [target, name] of Object.entries(request.inheritedVolumes))
    chosen.set(target, { Type: 'volume', Source: name, Target: target });
  for (const mount of request.service.volumes ?? []) {
    const target = mount.target ?? '';
    const isAnonymous = mount.source === undefined || mount.source === '';
    if (mount.type === 'volume' && isAnonymous && request.inheritedVolumes[target] !== undefined) continue;
    chosen.set(target, translate(mount, target, request.volumeNames));
  }
  for (const file of request.fileMounts) {
    if (chosen.has(file.target)) continue;
    chosen.set(file.target, {
      Type: 'bind',
      Source: file.source,
      Target: file.target,
      ReadOnly: true,
      ...(file.kind === 'secret' ? { BindOptions: {} } : {}),
    });
  }
  const all = [...chosen.values()];
  const binds = all.filter((entry) => typeof entry === 'string');
  const bodies = all.filter((entry) => typeof entry !== 'string');
  return { ...(binds.length === 0 ? {} : { Binds: binds }), ...(bodies.length === 0 ? {} : { Mounts: bodies }) };
}

function translate(mount: Mount, target: string, volumeNames: Readonly<Record<string, string>>): string | MountBody {
  const { type, source = '' } = mount;
  if (type === 'bind') {
    const path = resolve(source);
    return bindNeedsMount(mount) ? body(mount, target, path) : bindText(mount, target, path);
  }
  if (type === 'volume' && source !== '') {
    const name = volumeNames[source] ?? source;
    const isDeclared = volumeNames[source] !== undefined;
    return isDeclared && !volumeNeedsMount(mount) ? bindText(mount, target, name) : body(mount, target, name);
  }
  return body(mount, target, source);
}

/** The loader writes `create_host_path: true` wherever it holds, so that an absent one is false. */
const bindNeedsMount = ({ bind }: Mount): boolean =>
  bind !== undefined &&
  (bind.create_host_path !== true || (bind.propagation ?? '') !== '' || (bind.recursive ?? '') !== '');

const volumeNeedsMount = ({ volume }: Mount): boolean =>
  volume !== undefined &&
  (Object.keys(volume.labels ?? {}).length > 0 || (volume.subpath ?? '') !== '' || volume.nocopy === true);

function bindText(mount: Mount, target: string, source: string): string {
  const options = [mount.read_only === true ? 'ro' : 'rw'];
  if (mount.bind?.selinux !== undefined && mount.bind.selinux !== '') options.push(mount.bind.selinux);
  return `${source}:${target}:${options.join(',')}`;
}

/** What `bind.recursive` means for the engine. */
const RECURSIVE: Readonly<Record<string, object>> = {
  disabled: { NonRecursive: true },
  writable: { ReadOnlyNonRecursive: true },
  readonly: { ReadOnlyForceRecursive: true },
};

function body(mount: Mount, target: string, source: string): MountBody {
  return {
    Type: mount.type,
    ...(source === '' ? {} : { Source: source }),
    Target: target,
    ...(mount.read_only === true ? { ReadOnly: true } : {}),
    ...(mount.consistency === undefined ? {} : { Consistency: mount.consistency }),
    ...options(mount),
  };
}

/** Options of the mount's own type; those of another type mean nothing. */
function options({ type, bind, volume, tmpfs, image }: Mount): Partial<MountBody> {
  if (type === 'bind' && bind !== undefined)
    return {
      BindOptions: {
        ...(bind.propagation === undefined ? {} : { Propagation: bind.propagation }),
        ...(bind.create_host_path === true ? { CreateMountpoint: true } : {}),
        ...RECURSIVE[bind.recursive ?? ''],
      },
    };
  if (type === 'volume' && volume !== undefined)
    return {
      VolumeOptions: {
        ...(volume.nocopy === true ? { NoCopy: true } : {}),
        ...(volume.labels === undefined ? {} : { Labels: volume.labels }),
        ...(volume.subpath === undefined ? {} : { Subpath: volume.subpath }),
      },
    };
  if (type === 'tmpfs' && tmpfs !== undefined)
    return {
      TmpfsOptions: {
        ...(tmpfs.size === undefined ? {} : { SizeBytes: Number(tmpfs.size) }),
        ...(tmpfs.mode === undefined ? {} : { Mode: tmpfs.mode }),
      },
    };
  if (type === 'image' && image !== undefined)
    return { ImageOptions: image.subpath === undefined ? {} : { Subpath: image.subpath } };
  return {};
}
