// A project → Kubernetes resources, in docker compose bridge's layout: a base, and an overlay for a cluster on one's own machine.
// Where Compose says nothing, Kompose's labels and defaults count. Pure; no image is looked at.
import { basename } from 'node:path/posix';
import type { Project } from '../model.ts';
import { configMap, secretResources } from './content.ts';
import { gapsOf } from './gaps.ts';
import type { Contents, Conversion, Fields, Resource } from './manifest.ts';
import { dnsName, projectLabels } from './names.ts';
import { desktopPatch, ingress, internalService, networkPolicy, publishedPolicy, publishedService } from './network.ts';
import { claims } from './storage.ts';
import { workload } from './workload.ts';

export function toKubernetes(project: Project, contents: Contents): Conversion {
  const services = Object.keys(project.services)
    .sort()
    .flatMap((name) => project.services[name] ?? [])
    .filter(({ provider }) => provider === undefined);
  const provided = Object.values(project.services).filter(({ provider }) => provider !== undefined);
  const networks = Object.keys(project.networks).filter((name) =>
    services.some((service) => service.networks && name in service.networks),
  );
  const base: Resource[] = [
    namespace(project),
    configMap(project, contents),
    ...secretResources(project, contents),
    ...networks.sort().map((network) => networkPolicy(project, network)),
    ...claims(project),
    ...services.flatMap((service) => [
      workload(project, service),
      internalService(project, service),
      publishedService(project, service),
      publishedPolicy(project, service),
      ingress(project, service),
    ]),
  ].filter((resource) => resource !== undefined);
  const patches = services
    .filter((service) => (service.ports ?? []).length > 0)
    .map((service) => desktopPatch(project, service));
  return {
    resources: [
      ...base,
      kustomization('base', { resources: base.map(({ path }) => basename(path)).sort() }),
      ...patches,
      kustomization('overlays/desktop', {
        resources: ['../../base'],
        patches: patches.length === 0 ? undefined : patches.map(({ path }) => ({ path: basename(path) })),
      }),
    ],
    gaps: [
      ...gapsOf(project),
      ...provided.map(
        ({ name, provider }) =>
          `service "${name}": what the provider "${provider?.type}" provides has to be in the cluster already`,
      ),
    ],
  };
}

const namespace = ({ name }: Project): Resource => ({
  path: `base/0-${name}-namespace.yaml`,
  content: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: dnsName(name), labels: projectLabels(name) } },
});

const kustomization = (folder: string, content: Fields): Resource => ({
  path: `${folder}/kustomization.yaml`,
  content: { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', ...content },
});
