// The ports of a service: those that its own network sees, and those that the world sees.
import type { Service } from '../model.ts';

export interface ExposedPort {
  readonly port: number;
  /** `tcp`, `udp`, `sctp` */
  readonly protocol: string;
}

export interface PublishedPort extends ExposedPort {
  readonly target: number;
}

/** What `expose` and `ports` name, each once, in order. */
export function exposedPorts({ expose = [], ports = [] }: Service): ExposedPort[] {
  const found = new Map<string, ExposedPort>();
  const add = (port: number, protocol: string) => found.set(`${port}/${protocol}`, { port, protocol });
  for (const text of expose) {
    const [range = '', protocol = 'tcp'] = text.split('/');
    for (const port of portsOf(range)) add(port, protocol);
  }
  for (const { target, protocol = 'tcp' } of ports) add(target, protocol);
  return [...found.values()].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}

/** What `ports` publishes. A port that the engine would choose is the container's own; of a range the first is taken. */
export function publishedPorts({ ports = [] }: Service): PublishedPort[] {
  const found = new Map<string, PublishedPort>();
  for (const { target, published = '', protocol = 'tcp' } of ports) {
    const port = portsOf(published)[0] || target;
    if (!found.has(`${port}/${protocol}`)) found.set(`${port}/${protocol}`, { port, target, protocol });
  }
  return [...found.values()];
}

/** `3000-3002` → 3000, 3001, 3002 */
function portsOf(range: string): number[] {
  const [first = Number.NaN, last = first] = range.split('-').map(Number);
  if (!Number.isInteger(first) || !Number.isInteger(last)) return [];
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
