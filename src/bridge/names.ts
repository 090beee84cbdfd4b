// Names as Kubernetes takes them, and the labels that tie resources together: docker compose bridge's.
import { createHash } from 'node:crypto';

const MAX_LABEL = 63;
/** Port names are IANA service names. */
const MAX_PORT_NAME = 15;

/** Lower case, digits and dashes, at most 63 characters; a digest keeps long ones apart. */
export function dnsName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (name.length <= MAX_LABEL) return name || 'x';
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return `${name.slice(0, MAX_LABEL - digest.length - 1).replace(/-+$/, '')}-${digest}`;
}

/** `web-8080`, or `8080-tcp` where that would be too long. */
export function portName(service: string, port: number, protocol: string): string {
  const suffix = protocol === 'tcp' ? '' : `-${protocol}`;
  const name = `${dnsName(service)}-${port}${suffix}`;
  return name.length <= MAX_PORT_NAME ? name : `${port}-${protocol}`;
}

export const projectLabels = (project: string) => ({ 'com.docker.compose.project': project });
export const serviceLabels = (project: string, service: string) => ({
  ...projectLabels(project),
  'com.docker.compose.service': service,
});
export const networkLabel = (network: string) => ({ [`com.docker.compose.network.${network}`]: 'true' });
