// `volume ls`: the project's volumes with who uses them, and the snapshots that are kept of them.
import type { ObservedProject } from '../../engine/engine.ts';
import { UsageError } from '../../errors.ts';
import type { Project } from '../../model.ts';
import { LABEL } from '../../names.ts';
import { type KeptSnapshot, SnapshotStore, snapshotFolder } from '../../shipping/snapshots/snapshot-store.ts';
import { folderOf, folderSize } from '../../shipping/volumes/volume-access.ts';
import type { CommandRun } from '../declaration.ts';
import type { volumeLsFlags } from '../declarations/volume.ts';
import { humanSize } from '../output/human.ts';
import { COMPOSE_TABLE, table } from '../output/tabwriter.ts';
import { ownVolumes, projectWithVolumes } from '../volume/own-volumes.ts';
import { volumePlaces } from '../volume-places.ts';

interface ListedVolume {
  readonly key: string;
  readonly name: string;
  /** Undefined where the engine has none of that name. */
  readonly driver: string | undefined;
  /** Running services that have it mounted. */
  readonly services: readonly string[];
  /** Bytes on disk, where they were asked for and are cheap to tell. */
  readonly size: number | undefined;
}

export const run: CommandRun<typeof volumeLsFlags> = async (context, flags) => {
  if (flags.format !== 'table' && flags.format !== 'json')
    throw new UsageError(`format value "${flags.format}" could not be parsed: parsing failed`, {
      hint: 'use "table" or "json"',
    });
  const { env, io, signal } = context;
  const project = await projectWithVolumes(context);
  const snapshots = await new SnapshotStore(snapshotFolder(env, project.name)).list();
  if (flags.quiet) {
    io.stdout.write(snapshots.map(({ name }) => `${name}\n`).join(''));
    return 0;
  }
  const engine = await context.engine(project.name);
  const listed = listVolumes(project, await engine.observe(project.name, signal));
  const places = flags.size ? volumePlaces(context, project, engine) : undefined;
  const volumes: ListedVolume[] = [];
  for (const one of listed) {
    const place = one.driver === undefined ? undefined : places?.(one.name);
    const folder = place === undefined ? undefined : await folderOf(place);
    volumes.push({ ...one, size: folder === undefined ? undefined : await folderSize(folder) });
  }
  io.stdout.write(
    flags.format === 'json'
      ? `${JSON.stringify({ volumes, snapshots: snapshots.map(asJson) }, undefined, 2)}\n`
      : `${volumeTable(volumes)}${snapshots.length === 0 ? '' : `\n${snapshotTable(snapshots)}`}`,
  );
  return 0;
};

const listVolumes = (project: Project, { volumes, containers }: ObservedProject): Omit<ListedVolume, 'size'>[] =>
  ownVolumes(project).map(({ key, volume: { name } }) => ({
    key,
    name,
    driver: volumes.find((one) => one.name === name)?.driver,
    services: [
      ...new Set(
        containers
          .filter(({ state, mounts }) => state === 'running' && mounts.some((mount) => mount.name === name))
          .map(({ labels }) => labels[LABEL.service] ?? ''),
      ),
    ].sort(),
  }));

const volumeTable = (volumes: readonly ListedVolume[]): string =>
  table(
    ['VOLUME', 'NAME', 'DRIVER', 'SIZE', 'USED BY'],
    volumes.map(({ key, name, driver, size, services }) => [
      key,
      name,
      driver ?? 'not created',
      size === undefined ? '-' : humanSize(size, 3),
      services.join(', ') || '-',
    ]),
    COMPOSE_TABLE,
  );

const snapshotTable = (snapshots: readonly KeptSnapshot[]): string =>
  table(
    ['SNAPSHOT', 'TAKEN', 'SIZE', 'VOLUMES'],
    snapshots.map(({ name, size, head, problem }) => [
      name,
      head?.manifest.takenAt ?? '-',
      humanSize(size, 3),
      head === undefined ? `unreadable: ${problem}` : head.manifest.volumes.map(({ key }) => key).join(', '),
    ]),
    COMPOSE_TABLE,
  );

const asJson = ({ name, file, size, head, problem }: KeptSnapshot): object => ({
  ...{ name, file, size, digest: head?.digest, takenAt: head?.manifest.takenAt },
  volumes: head?.manifest.volumes.map(({ key, unpackedSize, entries }) => ({ key, unpackedSize, entries })),
  problem,
});
