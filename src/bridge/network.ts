// Services by name, ports for the world, and who may speak with whom.
import type { Project, Service } from '../model.ts';
import { KOMPOSE, komposeLabel } from './kompose.ts';
import type { Fields, Resource } from './manifest.ts';
import { dnsName, networkLabel, portName, serviceLabels } from './names.ts';
import { exposedPorts, publishedPorts } from './ports.ts';

const SERVICE_TYPES: Readonly<Record<string, string>> = {
  clusterip: 'ClusterIP',
  nodeport: 'NodePort',
  loadbalancer: 'LoadBalancer',
};

/** The name under which other services find it. A service without ports is found by the addresses of its pods. */
export function internalService(project: Project, service: Service): Resource {
  const ports = exposedPorts(service).map(({ port, protocol }) => ({
    name: portName(service.name, port, protocol),
    port,
    ...(protocol === 'tcp' ? {} : { protocol: protocol.toUpperCase() }),
    targetPort: portName(service.name, port, protocol),
  }));
  const headless = ports.length === 0 || komposeLabel(service, KOMPOSE.serviceType)?.toLowerCase() === 'headless';
  return {
    path: `base/${service.name}-expose.yaml`,
    content: serviceResource(project, service, dnsName(service.name), {
      ...(headless ? { clusterIP: 'None' } : {}),
      selector: serviceLabels(project.name, service.name),
      ...(ports.length === 0 ? {} : { ports }),
    }),
  };
}

const publishedName = (service: Service): string => `${dnsName(service.name).slice(0, 53)}-published`;

/** What `ports` publishes; undefined when it publishes nothing. */
export function publishedService(project: Project, service: Service): Resource | undefined {
  const ports = publishedPorts(service);
  if (ports.length === 0) return undefined;
  const type = SERVICE_TYPES[komposeLabel(service, KOMPOSE.serviceType)?.toLowerCase() ?? ''];
  return {
    path: `base/${service.name}-service.yaml`,
    content: serviceResource(project, service, publishedName(service), {
      ...(type === undefined ? {} : { type }),
      selector: serviceLabels(project.name, service.name),
      ports: ports.map(({ port, target, protocol }) => ({
        name: portName(service.name, port, protocol),
        port,
        protocol: protocol.toUpperCase(),
        targetPort: portName(service.name, target, protocol),
      })),
    }),
  };
}

const serviceResource = (project: Project, service: Service, name: string, spec: Fields): Fields => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: dnsName(project.name), labels: serviceLabels(project.name, service.name) },
  spec,
});

/** For a cluster on one's own machine: published ports are reached on it. */
export const desktopPatch = (project: Project, service: Service): Resource => ({
  path: `overlays/desktop/${service.name}-service.yaml`,
  content: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: publishedName(service), namespace: dnsName(project.name) },
    spec: { type: 'LoadBalancer' },
  },
});

/** The port that is meant where one is: the first that is published, else the first that is exposed. */
const webPort = (service: Service): number | undefined =>
  (service.ports ?? []).find(({ protocol = 'tcp' }) => protocol === 'tcp')?.target ??
  exposedPorts(service).find(({ protocol }) => protocol === 'tcp')?.port;

/** Kompose's `kompose.service.expose`: `true`, or host names with paths. */
export function ingress(project: Project, service: Service): Resource | undefined {
  const exposed = komposeLabel(service, KOMPOSE.expose);
  const port = webPort(service);
  if (exposed === undefined || exposed === 'false' || port === undefined) return undefined;
  const backend = { service: { name: dnsName(service.name), port: { number: port } } };
  const hosts = exposed === 'true' ? [''] : exposed.split(',').map((host) => host.trim());
  const tlsSecret = komposeLabel(service, KOMPOSE.exposeTlsSecret);
  const names = hosts.map((host) => host.split('/')[0] ?? '').filter((name) => name !== '');
  return {
    path: `base/${service.name}-ingress.yaml`,
    content: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        name: dnsName(service.name),
        namespace: dnsName(project.name),
        labels: serviceLabels(project.name, service.name),
      },
      spec: {
        ingressClassName: komposeLabel(service, KOMPOSE.exposeClass),
        rules: hosts.map((text) => {
          const [host = '', ...path] = text.split('/');
          const paths = [{ path: `/${path.join('/')}`, pathType: 'Prefix', backend }];
          return { ...(host === '' ? {} : { host }), http: { paths } };
        }),
        tls:
          tlsSecret === undefined
            ? undefined
            : [{ ...(names.length > 0 ? { hosts: names } : {}), secretName: tlsSecret }],
      },
    },
  };
}

const DNS = {
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

/** The members of a network reach each other, and, unless it is internal, everything else. Nobody else reaches them. */
export function networkPolicy(project: Project, network: string): Resource {
  const members = { podSelector: { matchLabels: networkLabel(network) } };
  const internal = project.networks[network]?.internal === true;
  return {
    path: `base/${network}-network-policy.yaml`,
    content: policy(project, `${dnsName(network)}-network-policy`, {
      ...members,
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [members] }],
      // Without name resolution the members would not find each other. An empty rule allows everything.
      egress: internal ? [{ to: [members] }, DNS] : [{}],
    }),
  };
}

/** Published ports, and what an ingress leads to, are open to all; where a network's policy is in force, this has to be said. */
export function publishedPolicy(project: Project, service: Service): Resource | undefined {
  const ports = publishedPorts(service).map(({ target, protocol }) => ({
    protocol: protocol.toUpperCase(),
    port: target,
  }));
  const web = ingress(project, service) && webPort(service);
  if (web !== undefined && !ports.some(({ port }) => port === web)) ports.push({ protocol: 'TCP', port: web });
  if (ports.length === 0) return undefined;
  return {
    path: `base/${service.name}-published-network-policy.yaml`,
    content: policy(project, `${publishedName(service)}-network-policy`, {
      podSelector: { matchLabels: serviceLabels(project.name, service.name) },
      policyTypes: ['Ingress'],
      ingress: [{ ports }],
    }),
  };
}

const policy = (project: Project, name: string, spec: Fields): Fields => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace: dnsName(project.name) },
  spec,
});
