// Configs and secrets of a project as resources of a cluster.
import { isUtf8 } from 'node:buffer';
import type { Project } from '../model.ts';
import { type Contents, orNothing, type Resource } from './manifest.ts';
import { dnsName, projectLabels } from './names.ts';

/** One config map for all configs; undefined when there are none. */
export function configMap(project: Project, { configs }: Contents): Resource | undefined {
  const keys = Object.keys(configs).sort();
  if (keys.length === 0) return undefined;
  const isText = (key: string): boolean => isUtf8(configs[key] ?? Buffer.alloc(0));
  const entries = (wanted: readonly string[], encoding: 'utf8' | 'base64') =>
    orNothing(Object.fromEntries(wanted.map((key) => [key, configs[key]?.toString(encoding)])));
  return {
    path: `base/${project.name}-configs.yaml`,
    content: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: dnsName(project.name), namespace: dnsName(project.name), labels: projectLabels(project.name) },
      data: entries(keys.filter(isText), 'utf8'),
      binaryData: entries(
        keys.filter((key) => !isText(key)),
        'base64',
      ),
    },
  };
}

/** A secret each. base64 hides nothing: the files are for their owner's eyes. */
export const secretResources = (project: Project, { secrets }: Contents): Resource[] =>
  Object.keys(secrets)
    .sort()
    .map((key) => ({
      path: `base/${key}-secret.yaml`,
      secret: true,
      content: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: dnsName(key),
          namespace: dnsName(project.name),
          labels: { ...projectLabels(project.name), 'com.docker.compose.secret': key },
        },
        data: { [key]: secrets[key]?.toString('base64') },
        type: 'Opaque',
      },
    }));
