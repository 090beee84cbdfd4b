// `RUN --mount`: what each mount shows, where it comes from, and how it is taken down again.
import { chown, lchown } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { messageOf } from '../../../../errors.ts';
import { debug } from '../../../../log.ts';
import type { MountPoint } from '../../containers/types.ts';
import { MS_NODEV, MS_NOSUID } from '../../kernel.ts';
import { badRequest } from '../../server/api-error.ts';
import { hostIds, type Ids, rootIds } from '../../user-namespaces/id-mapping.ts';
import type { BuildFacts, StepFacts } from '../build-facts.ts';
import { cacheKey } from '../cache.ts';
import { contentDigest } from '../copy-sources.ts';
import type { InstructionOf, RunMount } from '../dockerfile/instructions.ts';
import { isOn } from '../dockerfile/run-mount.ts';
import { MountedTree } from '../files/mounted-tree.ts';
import { serveAgent } from './agent-socket.ts';
import type { Sharing } from './cache-mounts.ts';
import type { Stub } from './stubs.ts';

export interface PreparedMounts {
  readonly mounts: readonly MountPoint[];
  readonly stubs: readonly Stub[];
  /** What secrets and agents add to the environment; in no key and no history. */
  readonly environment: readonly string[];
  release(): Promise<void>;
}

type Run = StepFacts<InstructionOf<'run'>>;

/** Where a mount is put: absolute, relative to the working directory. */
const targetOf = (facts: Run, path: string): string => posix.resolve('/', facts.state.config.WorkingDir ?? '', path);

/** What of a mount decides the outcome: ids of caches, secrets and agents, contents of bound files. */
export async function mountKey(facts: Run, mount: RunMount): Promise<unknown> {
  const { options, type } = mount;
  const target = options.target === undefined ? '' : targetOf(facts, options.target);
  if (type !== 'bind') return [type, { ...options, target }];
  const named = await boundSource(facts, mount);
  const found = await named.tree.find(options.source ?? '/');
  if (!found)
    throw badRequest(`RUN --mount: "${options.source ?? '/'}" is not in ${options.from ?? 'the build context'}`);
  const picked = {
    path: found.path,
    isFolder: found.type === 'directory',
    isFile: found.type === 'file',
    name: '',
    parents: '',
  };
  const take = (): Promise<string> => contentDigest(named.tree, picked, { excluded: undefined, owners: true });
  const digest =
    named.key === undefined
      ? await take()
      : await facts.build.cache.remembered(cacheKey('digest', named.key, found.path, [], true), take);
  return [type, target, digest, isOn(options.readwrite)];
}

const boundSource = (facts: Run, { options }: RunMount): ReturnType<BuildFacts['source']> =>
  facts.build.source(options.from ?? '', facts.stage, facts.output);

/** Prepares all mounts of a command. `bundle` is the folder of its container, gone with it. */
export async function prepareMounts(facts: Run, bundle: string, folder: string): Promise<PreparedMounts> {
  const releases: (() => unknown)[] = [];
  const mounts: MountPoint[] = [];
  const stubs: Stub[] = [];
  const environment: string[] = [];
  const release = async (): Promise<void> => {
    for (const one of releases.splice(0).reverse())
      await Promise.resolve(one()).catch((error: unknown) => debug('builder', () => messageOf(error)));
  };
  try {
    // Keys of secrets are in the container's configuration too: nothing of this folder touches a disk.
    if (facts.instruction.mounts.some(({ type }) => type === 'secret' || type === 'ssh')) {
      // The group is that of the command's own root, who has to come by.
      const data = `mode=0710,gid=${rootIds(facts.build.parts.remap).gid},size=64m`;
      await facts.build.parts.host.kernel.mount({
        ...{ source: 'tmpfs', target: bundle, type: 'tmpfs', flags: MS_NOSUID | MS_NODEV, data },
      });
    }
    for (const [index, mount] of facts.instruction.mounts.entries()) {
      const prepared = await PREPARE[mount.type](facts, mount, { bundle, folder, index });
      if (!prepared) continue;
      if (prepared.release) releases.push(prepared.release);
      environment.push(...(prepared.environment ?? []));
      if (!prepared.point) continue;
      mounts.push(prepared.point);
      stubs.push({ path: prepared.point.Destination, kind: prepared.isFile ? 'file' : 'directory' });
    }
    return { mounts, stubs, environment, release };
  } catch (error) {
    await release();
    throw error;
  }
}

interface Places {
  readonly bundle: string;
  readonly folder: string;
  readonly index: number;
}

interface Prepared {
  readonly point?: MountPoint;
  readonly isFile?: boolean;
  readonly environment?: readonly string[];
  readonly release?: () => unknown;
}

const PREPARE: Readonly<
  Record<RunMount['type'], (facts: Run, mount: RunMount, places: Places) => Promise<Prepared | undefined>>
> = { bind: prepareBind, cache: prepareCache, tmpfs: prepareTmpfs, secret: prepareSecret, ssh: prepareSsh };

const bound = (Source: string, Destination: string, RW: boolean): MountPoint => ({
  ...{ Type: 'bind', Source, Destination, Mode: '', RW, Propagation: 'rprivate' },
});

/** Files of the context, a stage or an image. Writing is allowed with `rw`, and lost. */
async function prepareBind(facts: Run, mount: RunMount, { folder, index }: Places): Promise<Prepared> {
  const { host, remap } = facts.build.parts;
  const { options } = mount;
  const named = await boundSource(facts, mount);
  const tree = new MountedTree(host, await named.root(remap));
  const found = await tree.find(options.source ?? '/');
  if (!found)
    throw badRequest(`RUN --mount: "${options.source ?? '/'}" is not in ${options.from ?? 'the build context'}`);
  const target = targetOf(facts, options.target ?? '/');
  const source = tree.hostPath(found.path);
  const isFile = found.type !== 'directory';
  if (!isOn(options.readwrite)) return { point: bound(source, target, false), isFile };
  const over = join(folder, `bind-${index}`);
  for (const name of ['upper', 'work', 'merged']) await host.files.mkdir(join(over, name), { recursive: true });
  if (isFile) {
    await host.run('cp', ['-a', '--', source, join(over, 'merged', 'file')]);
    return { point: bound(join(over, 'merged', 'file'), target, true), isFile };
  }
  if (remap) await chown(join(over, 'upper'), rootIds(remap).uid, rootIds(remap).gid);
  await host.kernel.mount({
    source: 'overlay',
    target: join(over, 'merged'),
    type: 'overlay',
    data: `lowerdir=${source},upperdir=${over}/upper,workdir=${over}/work`,
  });
  return { point: bound(join(over, 'merged'), target, true), release: () => host.kernel.unmount(join(over, 'merged')) };
}

async function prepareCache(facts: Run, mount: RunMount): Promise<Prepared> {
  const { build } = facts;
  const { options } = mount;
  const { host, mappedLayers, remap } = build.parts;
  const target = targetOf(facts, options.target ?? '/');
  const sharing = (options.sharing ?? 'shared') as Sharing;
  const held = await build.cacheMounts.hold(options.id ?? target, sharing, build.signal);
  try {
    if (held.fresh) {
      if (options.from !== undefined) {
        const named = await boundSource(facts, mount);
        const tree = new MountedTree(host, await named.root());
        const found = await tree.find(options.source ?? '/');
        if (found?.type === 'directory') await host.run('cp', ['-aT', '--', tree.hostPath(found.path), held.folder]);
      }
      await chown(held.folder, Number(options.uid ?? 0), Number(options.gid ?? 0));
      await host.files.chmod(held.folder, Number.parseInt(options.mode ?? '0755', 8));
    }
    const folder = await mappedLayers.seen(held.folder, remap);
    return { point: bound(folder, target, !isOn(options.readonly)), release: () => held.release() };
  } catch (error) {
    held.release();
    throw error;
  }
}

async function prepareTmpfs(facts: Run, { options }: RunMount): Promise<Prepared> {
  const size = options.size === undefined ? [] : [`size=${options.size.replace(/b$/i, '')}`];
  const Destination = targetOf(facts, options.target ?? '/');
  return {
    point: { Type: 'tmpfs', Source: '', Destination, Mode: '', RW: true, Propagation: '', Options: ['exec', ...size] },
  };
}

async function prepareSecret(
  facts: Run,
  { options }: RunMount,
  { bundle, index }: Places,
): Promise<Prepared | undefined> {
  const id = options.id ?? (options.target === undefined ? (options.env ?? '') : basename(options.target));
  if (id === '') throw badRequest('RUN --mount=type=secret needs an id, a target or an env');
  const content = await facts.build.session?.secret(id);
  if (content === undefined) {
    if (isOn(options.required)) throw badRequest(`secret ${id}: not found`);
    return undefined;
  }
  const environment = options.env === undefined ? [] : [`${options.env}=${content.toString('utf8')}`];
  if (options.env !== undefined && options.target === undefined) return { environment };
  const file = join(bundle, `secret-${index}`);
  const { files } = facts.build.parts.host;
  const { uid, gid } = ownerOnHost(facts, options);
  await files.writeFile(file, content, { mode: 0o400 });
  await files.chmod(file, Number.parseInt(options.mode ?? '0400', 8));
  await chown(file, uid, gid);
  const target = targetOf({ ...facts }, options.target ?? `/run/secrets/${id}`);
  return { environment, isFile: true, point: bound(file, target, false) };
}

/** Whom a file of the engine's belongs to, as the mount's options have it for the inside. */
const ownerOnHost = ({ build }: Run, { uid, gid }: RunMount['options']): Ids =>
  hostIds(build.parts.remap, { uid: Number(uid ?? 0), gid: Number(gid ?? 0) });

/** A socket in the container; each connection to it is one to the client's agent. */
async function prepareSsh(facts: Run, { options }: RunMount, { bundle, index }: Places): Promise<Prepared | undefined> {
  const id = options.id ?? 'default';
  const path = join(bundle, `agent-${index}`);
  const release = facts.build.session && (await serveAgent(facts.build.session, id, path));
  if (!release) {
    if (isOn(options.required)) throw badRequest(`ssh agent ${id}: not found; give it with build.ssh or --ssh`);
    return undefined;
  }
  await facts.build.parts.host.files.chmod(path, Number.parseInt(options.mode ?? '0600', 8));
  const { uid, gid } = ownerOnHost(facts, options);
  await lchown(path, uid, gid);
  const target = targetOf(facts, options.target ?? `/run/buildkit/ssh_agent.${index}`);
  return {
    point: bound(path, target, true),
    isFile: true,
    environment: [`SSH_AUTH_SOCK=${target}`],
    release,
  };
}
