// The volumes that a command is about: those of the project, by their key in the Compose files or by their real name.
import type { Project, Volume } from '../../model.ts';
import { byBytes } from '../../shipping/bundle/manifest.ts';
import { VolumeError } from '../../shipping/volumes/volume-error.ts';
import type { CommandContext } from '../context.ts';

export interface OwnVolume {
  readonly key: string;
  readonly volume: Volume;
}

/** With the services of every profile, whose containers may run and use the volumes, and volumes that no service names. */
export const projectWithVolumes = (context: CommandContext): Promise<Project> =>
  context.loadProject({ profiles: ['*'], resolveEnvironment: false, allResources: true });

/** Those of the project itself, sorted by key. External ones belong to somebody else. */
export const ownVolumes = (project: Project): OwnVolume[] =>
  Object.entries(project.volumes)
    .filter(([, { external }]) => external !== true)
    .map(([key, volume]) => ({ key, volume }))
    .sort((a, b) => byBytes(a.key, b.key));

/** Undefined where the project has none of that key or name. */
export const findOwn = (project: Project, name: string): OwnVolume | undefined => {
  const all = ownVolumes(project);
  return all.find(({ key }) => key === name) ?? all.find(({ volume }) => volume.name === name);
};

/** Throws VolumeError where the project has none of that key or name, or has it from elsewhere. */
export function requireOwn(project: Project, name: string): OwnVolume {
  const found = findOwn(project, name);
  if (found !== undefined) return found;
  const isExternal = Object.entries(project.volumes).some(([key, volume]) => key === name || volume.name === name);
  throw new VolumeError(
    isExternal
      ? `volume "${name}" is external: it is not the project's own`
      : `project "${project.name}" has no volume "${name}"`,
    {
      hint: `the volumes are: ${
        ownVolumes(project)
          .map(({ key }) => key)
          .join(', ') || 'none'
      }`,
    },
  );
}

/** Those that are named, each once, or all. */
export const chooseOwn = (project: Project, names: readonly string[]): OwnVolume[] => {
  if (names.length === 0) return ownVolumes(project);
  const keys = new Set(names.map((name) => requireOwn(project, name).key));
  return ownVolumes(project).filter(({ key }) => keys.has(key));
};
