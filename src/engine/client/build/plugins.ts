// Where docker's CLI plugins are, and whether buildx is among them.
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Folders in the order docker looks into them. */
function pluginFolders(configDirectory: string, extra: readonly string[] = []): string[] {
  return [
    ...extra,
    join(configDirectory, 'cli-plugins'),
    '/usr/local/lib/docker/cli-plugins',
    '/usr/local/libexec/docker/cli-plugins',
    '/usr/lib/docker/cli-plugins',
    '/usr/libexec/docker/cli-plugins',
  ];
}

/** Path of the buildx plugin; undefined when it is not installed. */
export function findBuildx(configDirectory: string, extra: readonly string[] = []): string | undefined {
  return pluginFolders(configDirectory, extra)
    .map((folder) => join(folder, 'docker-buildx'))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
