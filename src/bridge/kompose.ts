// Kompose's labels: how a Compose file says to Kubernetes what Compose has no word for.
import type { Service, Volume } from '../model.ts';

const PREFIX = 'kompose.';

export const KOMPOSE = {
  serviceType: 'kompose.service.type',
  expose: 'kompose.service.expose',
  exposeTlsSecret: 'kompose.service.expose.tls-secret',
  exposeClass: 'kompose.service.expose.ingress-class-name',
  controller: 'kompose.controller.type',
  pullPolicy: 'kompose.image-pull-policy',
  pullSecret: 'kompose.image-pull-secret',
  serviceAccount: 'kompose.serviceaccount-name',
  volumeSize: 'kompose.volume.size',
  volumeClass: 'kompose.volume.storage-class-name',
} as const;

const KNOWN: ReadonlySet<string> = new Set(Object.values(KOMPOSE));

export const komposeLabel = (of: Pick<Service | Volume, 'labels'>, label: string): string | undefined =>
  of.labels?.[label] || undefined;

/** Labels that are Kompose's and mean nothing here. */
export const unknownLabels = ({ labels = {} }: Service): string[] =>
  Object.keys(labels).filter((label) => label.startsWith(PREFIX) && !KNOWN.has(label));

/** A service's own labels, which become annotations: their values may be anything. */
export const ownLabels = ({ labels = {} }: Pick<Service, 'labels'>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([label]) => !label.startsWith(PREFIX)));
