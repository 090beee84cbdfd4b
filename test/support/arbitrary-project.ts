// Random projects for property tests: a few services on a few networks and volumes, with every kind of reference between
// them. Services depend only on those before them, so there are no cycles.
import * as fc from 'fast-check';
import type { Dependency, Mount, Project } from '../../src/model.ts';
import { aProject, type ServiceDraft } from './project-builder.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;
const NETWORKS = ['default', 'back'] as const;
const VOLUMES = ['data', 'logs'] as const;

/** The raw choices for one service; what they mean depends on the services before it. */
const choices = fc.record({
  command: fc.option(fc.constantFrom('one', 'two'), { nil: undefined }),
  scale: fc.integer({ min: 0, max: 3 }),
  healthy: fc.boolean(),
  networks: fc.subarray([...NETWORKS], { minLength: 1 }),
  volumes: fc.subarray([...VOLUMES]),
  anonymous: fc.boolean(),
  config: fc.boolean(),
  hook: fc.boolean(),
  depends: fc.array(
    fc.record({
      on: fc.nat(NAMES.length - 1),
      condition: fc.constantFrom('service_started' as const, 'service_healthy' as const),
      restart: fc.boolean(),
      required: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  shares: fc.option(fc.nat(NAMES.length - 1), { nil: undefined }),
  volumesFrom: fc.option(fc.nat(NAMES.length - 1), { nil: undefined }),
});
type Choices = typeof choices extends fc.Arbitrary<infer T> ? T : never;

const resources = fc.record({ internal: fc.boolean(), driverOption: fc.boolean(), content: fc.constantFrom('x', 'y') });

/** Projects named `shop`; two of them are usually two states of development of one. */
export const projects: fc.Arbitrary<Project> = fc
  .tuple(fc.array(choices, { minLength: 1, maxLength: NAMES.length }), resources)
  .map(([all, { internal, driverOption, content }]) => {
    const services: Record<string, ServiceDraft> = {};
    for (const [index, choice] of all.entries()) {
      const name = NAMES[index];
      if (name !== undefined) services[name] = draft(choice, services);
    }
    return aProject({
      services,
      networks: {
        default: { name: 'shop_default' },
        back: { name: 'shop_back', ...(internal ? { internal } : {}) },
      },
      volumes: {
        data: { name: 'shop_data', ...(driverOption ? { driver_opts: { type: 'tmpfs' } } : {}) },
        logs: { name: 'shop_logs' },
      },
      configs: { site: { name: 'shop_site', content } },
    });
  });

function draft(choice: Choices, before: Readonly<Record<string, ServiceDraft>>): ServiceDraft {
  const known = Object.keys(before);
  const nth = (index: number | undefined): string | undefined =>
    index === undefined || known.length === 0 ? undefined : known[index % known.length];
  /** Only a service that has containers can share them. */
  const withContainers = (index: number | undefined): string | undefined => {
    const name = nth(index);
    return name !== undefined && before[name]?.scale !== 0 ? name : undefined;
  };
  const [shared, source] = [withContainers(choice.shares), withContainers(choice.volumesFrom)];
  const depends: Record<string, Dependency> = {};
  for (const { on, condition, ...rest } of choice.depends) {
    const name = nth(on);
    if (name === undefined) continue;
    depends[name] = { ...rest, condition: before[name]?.healthcheck === undefined ? 'service_started' : condition };
  }
  const mounts: Mount[] = choice.volumes.map((key) => ({ type: 'volume', source: key, target: `/${key}` }));
  return {
    scale: choice.scale,
    ...(choice.command === undefined ? {} : { command: [choice.command] }),
    ...(choice.healthy ? { healthcheck: { test: ['CMD', 'true'] } } : {}),
    ...(shared === undefined
      ? { networks: Object.fromEntries(choice.networks.map((key) => [key, null])) }
      : { network_mode: `service:${shared}` }),
    ...(source === undefined ? {} : { volumes_from: [source] }),
    volumes: choice.anonymous ? [...mounts, { type: 'volume', target: '/anonymous' }] : mounts,
    ...(choice.config ? { configs: [{ source: 'site' }] } : {}),
    ...(choice.hook ? { post_start: [{ command: ['warm'] }], pre_stop: [{ command: ['drain'] }] } : {}),
    ...(Object.keys(depends).length === 0 ? {} : { depends_on: depends }),
  };
}
