import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toKubernetes } from '../../src/bridge/kubernetes.ts';
import type { Conversion, Fields } from '../../src/bridge/manifest.ts';
import { contentsOf } from '../../src/cli/bridge/contents.ts';
import { textOf } from '../../src/cli/bridge/write.ts';
import { loadProject } from '../../src/spec/load.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/bridge/', import.meta.url));

async function convert(input?: string): Promise<Conversion> {
  const { project } = await loadProject({
    cwd: FIXTURE,
    env: { SHOP_TOKEN: 't0ken' },
    files: input === undefined ? [] : ['-'],
    readStdin: async () => input ?? '',
    envFiles: [],
    profiles: [],
  });
  return toKubernetes(project, await contentsOf(project));
}

/** One resource of a project that is a line or two. */
async function resource(input: string, path: string): Promise<Fields> {
  const found = (await convert(`name: p\n${input}`)).resources.find((item) => item.path === path);
  if (!found) throw new Error(`${path} is not made`);
  return found.content;
}
const podOf = (content: Fields) => (content.spec as { template: { spec: Fields } }).template.spec;
const containerOf = (content: Fields) => (podOf(content).containers as Fields[])[0];

describe('a project as Kubernetes resources', () => {
  it('is what the golden file shows', async () => {
    const { resources, gaps } = await convert();
    const text = resources
      .map((item) => `--- # ${item.path}\n${textOf(item).split('\n').slice(1).join('\n')}`)
      .join('');
    const told = gaps.map((gap) => `# ${gap.replaceAll(FIXTURE, '')}\n`).join('');
    await expect((told + text).replaceAll(FIXTURE.slice(0, -1), '/project')).toMatchFileSnapshot(
      '../golden/bridge/kubernetes.yaml',
    );
  });

  it('has the fields and the names that Kubernetes asks for', async () => {
    const { resources } = await convert();
    for (const item of resources) {
      const content = parse(textOf(item)) as Fields & { metadata?: { name: string }; spec?: Fields };
      expect(content, item.path).toMatchObject({ apiVersion: expect.any(String), kind: expect.any(String) });
      if (content.kind === 'Kustomization') continue;
      expect(content.metadata?.name, item.path).toMatch(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/);
      const { template, selector } = (content.spec ?? {}) as {
        template?: { metadata: { labels: Fields }; spec: { containers: Fields[]; volumes?: Fields[] } };
        selector?: { matchLabels: Fields };
      };
      if (!template) continue;
      expect(template.metadata.labels).toMatchObject(selector?.matchLabels ?? {});
      const volumes = (template.spec.volumes ?? []).map(({ name }) => name);
      for (const { volumeMounts = [], ports = [], image } of template.spec.containers) {
        expect(image).toMatch(/./);
        for (const { name, mountPath } of volumeMounts as Fields[]) {
          expect(volumes).toContain(name);
          expect(mountPath).toMatch(/^\//);
        }
        for (const { name } of ports as { name: string }[]) expect(name).toMatch(/^(?=.*[a-z])[a-z0-9-]{1,15}$/);
      }
    }
  });

  it('says what is lost on the way, and nothing when nothing is', async () => {
    expect((await convert('name: p\nservices: {a: {image: x}}')).gaps).toEqual([]);
    expect((await convert('name: p\nservices: {a: {image: x, init: true, user: me}}')).gaps).toEqual([
      'service "a": "init" has no counterpart in Kubernetes and is left out',
      'service "a": "user: me" has to be a number',
    ]);
  });

  it.each([
    ['{image: x}', 'Deployment'],
    ['{image: x, restart: always}', 'Deployment'],
    ['{image: x, restart: "no"}', 'Job'],
    ['{image: x, deploy: {mode: global}}', 'DaemonSet'],
    ['{image: x, deploy: {mode: replicated-job}}', 'Job'],
    ['{image: x, labels: {kompose.controller.type: statefulset}}', 'StatefulSet'],
  ])('keeps %s with a %s', async (service, kind) => {
    const path = `base/a-${kind.toLowerCase()}.yaml`;
    expect(await resource(`services: {a: ${service}}`, path)).toMatchObject({ kind });
  });

  it('gives long names a digest, and long port names their number', async () => {
    const name = `a-service-with-a-name-that-is-longer-than-kubernetes-takes-for-names`;
    const content = await resource(`services: {${name}: {image: x, expose: ["8080"]}}`, `base/${name}-deployment.yaml`);
    expect(content.metadata).toMatchObject({ name: expect.stringMatching(/^a-service-[a-z-]+-[0-9a-f]{8}$/) });
    expect(containerOf(content)?.ports).toEqual([{ name: '8080-tcp', containerPort: 8080 }]);
  });

  it('never takes a network for closed to those who may come from outside', async () => {
    const input = 'services: {a: {image: x, ports: ["80:8080"]}}';
    const policy = await resource(input, 'base/a-published-network-policy.yaml');
    expect(policy.spec).toMatchObject({ ingress: [{ ports: [{ protocol: 'TCP', port: 8080 }] }] });
    expect((await resource(input, 'base/default-network-policy.yaml')).spec).toMatchObject({ egress: [{}] });
  });
});
