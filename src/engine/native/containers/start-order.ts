// In which order containers come back: what compose's labels and shared namespaces say about who needs whom. Pure.
import type { ContainerRecord } from './types.ts';

export type Condition = 'started' | 'healthy' | 'completed';

/** A container and those of the same list that come before it. */
export interface Turn {
  readonly record: ContainerRecord;
  readonly after: readonly { readonly id: string; readonly condition: Condition }[];
}

const PROJECT = 'com.docker.compose.project';
const SERVICE = 'com.docker.compose.service';
const DEPENDS_ON = 'com.docker.compose.depends_on';

const CONDITIONS: Readonly<Record<string, Condition>> = {
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
};

/** Each container comes after all it needs; where they need each other in a circle, one need is left out. */
export function startOrder(records: readonly ContainerRecord[]): Turn[] {
  const byService = new Map<string, ContainerRecord[]>();
  const byId = new Map(records.map((record) => [record.id, record]));
  for (const record of records) {
    const service = serviceKey(record, record.config.Labels?.[SERVICE] ?? '');
    byService.set(service, [...(byService.get(service) ?? []), record]);
  }
  const needs = (record: ContainerRecord): Turn['after'] => [
    ...dependencies(record).flatMap(({ service, condition }) =>
      (byService.get(serviceKey(record, service)) ?? []).map(({ id }) => ({ id, condition })),
    ),
    ...sharedNamespaces(record).flatMap((id) => (byId.has(id) ? [{ id, condition: 'started' as const }] : [])),
  ];
  const turns: Turn[] = [];
  const placed = new Set<string>();
  const onTheWay = new Set<string>();
  const place = (record: ContainerRecord): void => {
    if (placed.has(record.id) || onTheWay.has(record.id)) return;
    onTheWay.add(record.id);
    const wanted = needs(record);
    for (const { id } of wanted) {
      const needed = byId.get(id);
      if (needed) place(needed);
    }
    onTheWay.delete(record.id);
    placed.add(record.id);
    const before = new Set(turns.map((turn) => turn.record.id));
    turns.push({ record, after: wanted.filter(({ id }) => before.has(id)) });
  };
  for (const record of records) place(record);
  return turns;
}

const serviceKey = (record: ContainerRecord, service: string): string =>
  `${record.config.Labels?.[PROJECT] ?? record.id}\n${service}`;

/** The label is `db:service_healthy:false,cache:service_started:true`. */
function dependencies(record: ContainerRecord): { service: string; condition: Condition }[] {
  return (record.config.Labels?.[DEPENDS_ON] ?? '').split(',').flatMap((text) => {
    const [service = '', condition = ''] = text.split(':');
    return service === '' ? [] : [{ service, condition: CONDITIONS[condition] ?? 'started' }];
  });
}

const sharedNamespaces = ({ hostConfig }: ContainerRecord): string[] =>
  [hostConfig.NetworkMode, hostConfig.PidMode, hostConfig.IpcMode].flatMap((mode) =>
    mode?.startsWith('container:') ? [mode.slice('container:'.length)] : [],
  );
