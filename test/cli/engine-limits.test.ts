import { describe, expect, it } from 'vitest';
import { engineLimits } from '../../src/cli/engine-limits.ts';
import type { Capabilities } from '../../src/engine/engine.ts';
import type { Project, Service } from '../../src/model.ts';
import type { Plan, Verdict } from '../../src/planner/plan.ts';

const CAPABILITIES: Capabilities = {
  ...{
    kind: 'docker',
    engineVersion: '20.10.24',
    apiVersion: '1.41',
    os: 'linux',
    architecture: 'amd64',
    builder: 'classic',
  },
  ...{ multiNetworkCreate: false, startInterval: false, endpointMac: false, volumeSubpath: false },
  ...{ imageMounts: false, gatewayPriority: false, interfaceName: false },
};

const web = (more: Partial<Service>): Service => ({
  name: 'web',
  command: null,
  entrypoint: null,
  image: 'x',
  ...more,
});

const project = (service: Service): Project => ({
  ...{
    name: 'shop',
    workingDir: '/',
    composeFiles: [],
    envFiles: [],
    environment: {},
    disabledServices: {},
    networks: {},
    volumes: {},
  },
  ...{ secrets: {}, configs: {}, models: {}, profiles: [], services: { web: service } },
});

const STEP = {
  ...{ id: 's', resource: 'r', cause: 'c', dependsOn: [], group: 'g', bestEffort: false },
  action: 'build-image',
  service: 'web',
};

const plan = (decision: Verdict['decision'], more: Partial<Plan> = {}): Plan =>
  ({
    ...{ project: 'shop', operation: 'up', warnings: [], continues: false, steps: [STEP] },
    verdicts: [{ resource: 'container shop-web-1', decision, reason: '', differences: [], service: 'web' }],
    ...more,
  }) as unknown as Plan;

const IMAGE_MOUNT = web({ volumes: [{ type: 'image', source: 'i', target: '/i' }] });

describe('what an engine cannot do', () => {
  it('is refused where a container is to be made', () => {
    expect(() => engineLimits(plan('create'), project(IMAGE_MOUNT), CAPABILITIES)).toThrow(
      /type "image" needs engine API 1.48/,
    );
    expect(() => engineLimits(plan('recreate'), project(IMAGE_MOUNT), CAPABILITIES)).toThrow(/type "image"/);
    expect(() =>
      engineLimits(plan('create', { verdicts: [], continues: true }), project(IMAGE_MOUNT), CAPABILITIES),
    ).toThrow(/type "image"/);
  });

  it('does not matter to a container that stays, nor when stopping', () => {
    expect(engineLimits(plan('keep'), project(IMAGE_MOUNT), CAPABILITIES)).toEqual([]);
    expect(engineLimits(plan('create', { operation: 'stop' }), project(IMAGE_MOUNT), CAPABILITIES)).toEqual([]);
  });

  it('is a warning where it would be ignored', () => {
    const service = web({ annotations: { a: 'b' } });
    expect(engineLimits(plan('create'), project(service), CAPABILITIES)).toEqual([
      'service "web": annotations needs engine API 1.43 (Docker Engine 24); this engine speaks 1.41 and ignores it',
    ]);
  });

  it('includes what only BuildKit can build', () => {
    const service = web({ build: { context: '.', secrets: [{ source: 's' }] } });
    expect(() => engineLimits(plan('create'), project(service), CAPABILITIES)).toThrow(
      /service "web": build.secrets needs BuildKit/,
    );
    expect(engineLimits(plan('create'), project(service), { ...CAPABILITIES, builder: 'buildx' })).toEqual([]);
  });
});
