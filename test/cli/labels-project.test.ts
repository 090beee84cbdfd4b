import { describe, expect, it } from 'vitest';
import { projectFromLabels } from '../../src/cli/labels-project.ts';
import type { ObservedContainer, ObservedProject } from '../../src/engine/engine.ts';
import { LABEL } from '../../src/names.ts';

const container = (name: string, labels: Record<string, string>): ObservedContainer =>
  ({ id: name, name, image: `${labels[LABEL.service] ?? name}:1`, labels }) as unknown as ObservedContainer;

const observed: ObservedProject = {
  project: 'shop',
  containers: [
    container('shop-web-1', {
      [LABEL.service]: 'web',
      [LABEL.dependsOn]: 'db:service_healthy:true,gone:service_started:false',
    }),
    container('shop-web-2', { [LABEL.service]: 'web', [LABEL.dependsOn]: 'db:service_healthy:true' }),
    container('shop-db-1', { [LABEL.service]: 'db', [LABEL.workingDir]: '/srv', [LABEL.dependsOn]: '' }),
    container('shop-db-run-1', { [LABEL.service]: 'job', [LABEL.oneOff]: 'True' }),
  ],
  networks: [{ id: 'n', name: 'shop_default', driver: 'bridge', labels: { [LABEL.network]: 'default' } }],
  volumes: [{ name: 'shop_data', driver: 'local', labels: { [LABEL.volume]: 'data' } }],
} as unknown as ObservedProject;

describe('a project rebuilt from labels', () => {
  const project = projectFromLabels(observed);

  it('has the services of its replicas, with their number', () => {
    expect(Object.entries(project.services).map(([name, { image, scale }]) => [name, image, scale])).toEqual([
      ['db', 'db:1', 1],
      ['web', 'web:1', 2],
    ]);
  });

  it('knows dependencies, but none on services that are gone', () => {
    expect(project.services.web?.depends_on).toEqual({
      db: { condition: 'service_healthy', restart: true, required: true },
    });
    expect(project.services.db?.depends_on).toBeUndefined();
  });

  it('has networks and volumes by key, with their real names', () => {
    expect(project.networks).toEqual({ default: { name: 'shop_default', driver: 'bridge' } });
    expect(project.volumes).toEqual({ data: { name: 'shop_data', driver: 'local' } });
  });
});
