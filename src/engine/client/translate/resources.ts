// Devices, limits and what `deploy.resources` lays over them.
import type { BlkioConfig, DeviceRequest, Service } from '../../../model.ts';
import { type HostConfigBody, nanoCpus } from './host-config.ts';

/** A device name of the Container Device Interface: `vendor.com/class=name`. */
const CDI_NAME = /^[A-Za-z][A-Za-z0-9._-]*\/[A-Za-z][A-Za-z0-9_-]*=[A-Za-z0-9][A-Za-z0-9_.:-]*$/;

/** Fields of HostConfig for limits and devices. `deploy.resources` wins over the service's own attributes. */
export function resources(service: Service): HostConfigBody {
  const devices = service.devices ?? [];
  const isCdi = (device: { source: string; target?: string }): boolean =>
    device.source === device.target && CDI_NAME.test(device.source);
  const plain = devices.filter((device) => !isCdi(device));
  const requests = deviceRequests(
    service,
    devices.filter(isCdi).map((device) => device.source),
  );
  return {
    ...deployed(service),
    ...(plain.length === 0
      ? {}
      : {
          Devices: plain.map((device) => ({
            PathOnHost: device.source,
            PathInContainer: device.target ?? device.source,
            CgroupPermissions: device.permissions ?? 'rwm',
          })),
        }),
    ...(requests.length === 0 ? {} : { DeviceRequests: requests }),
    ...ulimits(service),
    ...(service.blkio_config === undefined ? {} : blkio(service.blkio_config)),
  };
}

function deployed(service: Service): HostConfigBody {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const body: HostConfigBody = {};
  if (limits?.memory !== undefined && Number(limits.memory) !== 0) body.Memory = Number(limits.memory);
  if (limits?.cpus !== undefined && Number(limits.cpus) !== 0) body.NanoCpus = nanoCpus(limits.cpus);
  if (limits?.pids !== undefined && limits.pids > 0) body.PidsLimit = limits.pids;
  // A reservation of CPUs has no meaning outside swarm.
  if (reservations?.memory !== undefined && Number(reservations.memory) !== 0)
    body.MemoryReservation = Number(reservations.memory);
  return body;
}

/** In docker compose's order: reserved devices, CDI devices, gpus. */
function deviceRequests(service: Service, cdiNames: readonly string[]): object[] {
  const request = (device: DeviceRequest, capabilities: readonly string[]): object => ({
    Driver: device.driver ?? '',
    Count: device.count ?? 0,
    DeviceIDs: device.device_ids ?? null,
    Capabilities: [capabilities],
    Options: device.options ?? null,
  });
  return [
    ...(service.deploy?.resources?.reservations?.devices ?? []).map((device) =>
      request(device, device.capabilities ?? []),
    ),
    ...(cdiNames.length === 0 ? [] : [{ Driver: 'cdi', DeviceIDs: cdiNames }]),
    ...(service.gpus ?? []).map((gpu) => request(gpu, [...(gpu.capabilities ?? []), 'gpu'])),
  ];
}

function ulimits(service: Service): HostConfigBody {
  const entries = Object.entries(service.ulimits ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return {};
  return {
    Ulimits: entries.map(([Name, limit]) =>
      typeof limit === 'number' ? { Name, Hard: limit, Soft: limit } : { Name, Hard: limit.hard, Soft: limit.soft },
    ),
  };
}

function blkio(config: BlkioConfig): HostConfigBody {
  const rates = (devices: BlkioConfig['device_read_bps']): object[] | undefined =>
    devices?.map(({ path, rate }) => ({ Path: path, Rate: Number(rate) }));
  return {
    BlkioWeight: config.weight ?? 0,
    BlkioWeightDevice: config.weight_device?.map(({ path, weight }) => ({ Path: path, Weight: weight })),
    BlkioDeviceReadBps: rates(config.device_read_bps),
    BlkioDeviceReadIOps: rates(config.device_read_iops),
    BlkioDeviceWriteBps: rates(config.device_write_bps),
    BlkioDeviceWriteIOps: rates(config.device_write_iops),
  } as HostConfigBody;
}
