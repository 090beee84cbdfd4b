// Containers that start, end and vanish, one after another, through the API alone: as many as it takes to see what stays behind.
import { BUSYBOX } from './busybox-image.ts';
import { callJson } from './engine-api.ts';

export interface ShortRuns {
  readonly host: string;
  readonly count: number;
  /** So many at once. */
  readonly side: number;
  readonly cgroup: string;
  /** A network of the engine, for its names and ports; the default one without. */
  readonly network?: string;
}

/** Each has a published port, an anonymous volume and a log. Resolves when all have been removed. */
export async function runShortly({ host, count, side, cgroup, network = 'bridge' }: ShortRuns): Promise<void> {
  let left = count;
  const body = {
    Image: BUSYBOX,
    Cmd: ['echo', 'here'],
    Volumes: { '/data': {} },
    ExposedPorts: { '80/tcp': {} },
    HostConfig: {
      CgroupParent: cgroup,
      NetworkMode: network,
      PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    },
  };
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const made = (await callJson(host, { method: 'POST', path: '/containers/create', json: body })) as { Id: string };
      const path = `/containers/${made.Id}`;
      const ended = callJson(host, { method: 'POST', path: `${path}/wait`, query: { condition: 'next-exit' } });
      await Promise.all([ended, callJson(host, { method: 'POST', path: `${path}/start` })]);
      await callJson(host, { method: 'DELETE', path, query: { v: '1' } });
    }
  };
  await Promise.all(Array.from({ length: side }, worker));
}
