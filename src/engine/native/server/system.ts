// `/_ping`, `/version`, `/info`, `/system/df`, and what the engine does not serve.
import { arch, hostname } from 'node:os';
import { buildCacheUsage } from '../builder/usage.ts';
import { cgroupNamespace } from '../containers/cgroup-namespace.ts';
import { LOG_DRIVERS } from '../containers/log-config.ts';
import { containerSizes } from '../containers/sizes.ts';
import { isLive } from '../containers/types.ts';
import { bytesBelow } from '../disk-usage.ts';
import type { NativeEngine } from '../engine.ts';
import { timestamp } from '../names.ts';
import { DRIVERS } from '../networks/record.ts';
import { ApiError, notFound, notServed } from './api-error.ts';
import type { Exchange } from './exchange.ts';
import { ENGINE_VERSION } from './identity.ts';
import { type Handler, MAX_VERSION, MIN_VERSION, type Routes } from './router.ts';

const PING_HEADERS = {
  // What clients take that do not choose by themselves: the classic builder. BuildKit's protocol is served to who speaks it.
  'Builder-Version': '1',
  Swarm: 'inactive',
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Pragma: 'no-cache',
};

const SWARM_ROUTES = [
  ...(['GET /swarm', 'POST /swarm/{rest+}', 'GET /tasks', 'GET /tasks/{rest+}'] as const),
  ...(['nodes', 'services', 'secrets', 'configs'] as const).flatMap(
    (kind) => [`GET /${kind}`, `GET /${kind}/{rest+}`, `POST /${kind}/{rest+}`, `DELETE /${kind}/{rest+}`] as const,
  ),
];

export function systemRoutes(engine: NativeEngine): Routes {
  const ping: Handler = (exchange) => {
    exchange.stream(200, 'text/plain; charset=utf-8', PING_HEADERS).end(exchange.method === 'HEAD' ? undefined : 'OK');
  };
  const refuse =
    (what: string): Handler =>
    () => {
      throw notServed(what);
    };
  const noSwarm: Handler = () => {
    throw new ApiError(
      503,
      'This node is not a swarm manager. Swarm mode is not served by the windlass native engine.',
    );
  };
  return {
    'GET /_ping': ping,
    'HEAD /_ping': ping,
    'GET /version': (exchange) => exchange.reply(200, version(engine)),
    'GET /info': (exchange) => exchange.reply(200, info(engine)),
    'GET /system/df': (exchange) => diskUsage(engine, exchange),
    'GET /images/search': refuse('searching registries'),
    'GET /plugins': (exchange) => exchange.reply(200, []),
    'GET /plugins/{name+}/json': (exchange) => {
      throw notFound(`plugin "${exchange.params.name}" not found`);
    },
    'GET /plugins/privileges': refuse('plugins'),
    'POST /plugins/{rest+}': refuse('plugins'),
    ...Object.fromEntries(SWARM_ROUTES.map((route) => [route, noSwarm])),
  };
}

function version(engine: NativeEngine): Record<string, unknown> {
  const { machine } = engine;
  return {
    Platform: { Name: 'windlass native engine' },
    Components: [
      {
        Name: 'Engine',
        Version: ENGINE_VERSION,
        Details: {
          ApiVersion: `1.${MAX_VERSION}`,
          MinAPIVersion: `1.${MIN_VERSION}`,
          Os: 'linux',
          Arch: machine.imageArchitecture,
          KernelVersion: machine.kernelVersion,
        },
      },
      { Name: machine.runtimes[0].name, Version: '', Details: {} },
    ],
    Version: ENGINE_VERSION,
    ApiVersion: `1.${MAX_VERSION}`,
    MinAPIVersion: `1.${MIN_VERSION}`,
    GitCommit: '',
    GoVersion: `node ${process.version}`,
    Os: 'linux',
    Arch: machine.imageArchitecture,
    KernelVersion: machine.kernelVersion,
    BuildTime: '',
  };
}

function info(engine: NativeEngine): Record<string, unknown> {
  const { machine, store, images } = engine;
  const { settings } = engine.registries;
  const states = store.all().map((record) => record.state.status);
  const count = (...wanted: string[]): number => states.filter((status) => wanted.includes(status)).length;
  return {
    ID: engine.id,
    Containers: states.length,
    ContainersRunning: states.filter(isLive).length - count('paused'),
    ContainersPaused: count('paused'),
    ContainersStopped: states.length - states.filter(isLive).length,
    Images: images.images().length,
    Driver: 'overlay2',
    DriverStatus: [],
    SystemStatus: null,
    Plugins: {
      Volume: ['local'],
      Network: [...DRIVERS, 'host', 'null'],
      Authorization: null,
      Log: LOG_DRIVERS,
    },
    MemoryLimit: true,
    SwapLimit: true,
    KernelMemory: false,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    IPv4Forwarding: true,
    BridgeNfIptables: true,
    BridgeNfIp6tables: true,
    Debug: false,
    OomKillDisable: machine.cgroupMode !== 'v2',
    NFd: 0,
    NGoroutines: 0,
    SystemTime: timestamp(),
    LoggingDriver: 'json-file',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: machine.cgroupMode === 'v2' ? '2' : '1',
    NEventsListener: 0,
    KernelVersion: machine.kernelVersion,
    OperatingSystem: machine.operatingSystem,
    OSVersion: '',
    OSType: 'linux',
    Architecture: arch() === 'x64' ? 'x86_64' : arch() === 'arm64' ? 'aarch64' : arch(),
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: {
      AllowNondistributableArtifactsCIDRs: [],
      AllowNondistributableArtifactsHostnames: [],
      InsecureRegistryCIDRs: ['127.0.0.0/8', ...settings.insecure.filter((entry) => entry.includes('/'))],
      IndexConfigs: Object.fromEntries(
        settings.insecure
          .filter((entry) => !entry.includes('/'))
          .map((Name) => [Name, { Name, Mirrors: [], Secure: false, Official: false }]),
      ),
      Mirrors: settings.mirrors,
    },
    NCPU: machine.cpus,
    MemTotal: machine.memoryBytes,
    GenericResources: null,
    DockerRootDir: engine.paths.lib,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: hostname(),
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: ENGINE_VERSION,
    Runtimes: Object.fromEntries(machine.runtimes.map(({ name, path }) => [name, { path }])),
    DefaultRuntime: machine.runtimes[0].name,
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: machine.init ?? '',
    ContainerdCommit: { ID: '', Expected: '' },
    RuncCommit: { ID: '', Expected: '' },
    InitCommit: { ID: '', Expected: '' },
    SecurityOptions: [
      ...(machine.apparmor ? ['name=apparmor'] : []),
      'name=seccomp,profile=default',
      ...(cgroupNamespace({}, machine.cgroupMode) === 'private' ? ['name=cgroupns'] : []),
      ...(engine.remap ? ['name=userns'] : []),
    ],
    Warnings: null,
  };
}

/** How often each text is there. */
function counted(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

/** Layers that images share are counted once. */
async function layersSize({ images }: NativeEngine): Promise<number> {
  const diffIds = new Set(images.images().flatMap(({ config }) => config.rootfs.diff_ids));
  const sizes = await Promise.all([...diffIds].map((diffId) => images.layerSize(diffId)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function diskUsage(engine: NativeEngine, exchange: Exchange): Promise<void> {
  const images = engine.images.images();
  const records = engine.store.all();
  const uses = counted(records.map(({ imageId }) => imageId));
  const mounts = counted(records.flatMap((record) => [...new Set(record.mounts.flatMap(({ Name }) => Name ?? []))]));
  const containers = await Promise.all(
    engine.store.all().map(async (record) => {
      const { own, all } = await containerSizes(engine, record);
      return {
        Id: record.id,
        Names: [`/${record.name}`],
        Image: record.config.Image ?? '',
        ImageID: record.imageId,
        State: record.state.status,
        Created: Math.floor(Date.parse(record.created) / 1000),
        SizeRw: own,
        SizeRootFs: all,
        Labels: record.config.Labels ?? {},
        Mounts: [],
      };
    }),
  );
  exchange.reply(200, {
    LayersSize: await layersSize(engine),
    Images: images.map((image) => ({
      Id: image.id,
      RepoTags: engine.images.tagsOf(image.id),
      RepoDigests: image.repoDigests,
      Created: Math.floor(Date.parse(image.config.created ?? '') / 1000) || 0,
      Size: image.size,
      VirtualSize: image.size,
      SharedSize: 0,
      Containers: uses.get(image.id) ?? 0,
      Labels: image.config.config?.Labels ?? null,
      ParentId: '',
    })),
    Containers: containers,
    Volumes: await Promise.all(
      engine.volumes.all().map(async (volume) => ({
        Name: volume.name,
        Driver: 'local',
        Mountpoint: engine.volumes.mountpoint(volume.name),
        Labels: volume.labels,
        Scope: 'local',
        Options: volume.options,
        UsageData: {
          Size: await bytesBelow(engine.host, engine.volumes.mountpoint(volume.name)),
          RefCount: mounts.get(volume.name) ?? 0,
        },
      })),
    ),
    BuildCache: await buildCacheUsage(engine),
  });
}
