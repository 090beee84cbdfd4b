// Ports: what is exposed inside and what is published outside.
import type { Service } from '../../../model.ts';

export interface PortBinding {
  readonly HostIp: string;
  readonly HostPort: string;
}

/** `80/tcp` → `{}`, for every published port; `expose` goes as it is written, as docker compose sends it. */
export function exposedPorts(service: Service): Record<string, Record<string, never>> {
  const ports: Record<string, Record<string, never>> = {};
  for (const port of service.expose ?? []) ports[port] = {};
  for (const port of service.ports ?? []) ports[`${port.target}/${port.protocol ?? 'tcp'}`] = {};
  return ports;
}

/** Several bindings of one container port stay together, in file order. A range of host ports is the engine's to choose from. */
export function portBindings(service: Service): Record<string, PortBinding[]> {
  const bindings: Record<string, PortBinding[]> = {};
  for (const port of service.ports ?? []) {
    const key = `${port.target}/${port.protocol ?? 'tcp'}`;
    const binding = { HostIp: port.host_ip ?? '', HostPort: port.published ?? '' };
    bindings[key] = [...(bindings[key] ?? []), binding];
  }
  return bindings;
}
