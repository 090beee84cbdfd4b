// `volumes`: the project's named volumes, or those that some services have mounted.
import type { ObservedVolume } from '../../engine/engine.ts';
import { isUp, serviceOf } from '../../engine/project-container.ts';
import { noSuchService } from '../../no-such-service.ts';
import type { CommandRun } from '../declaration.ts';
import type { volumesFlags } from '../declarations/view.ts';
import { type Struct, TYPE_NAME } from '../output/go-template/values.ts';
import { formatList } from '../output/list-format.ts';
import { projectOrName } from '../project-name.ts';

const HEADERS = {
  ID: 'ID',
  Name: 'VOLUME NAME',
  Group: 'GROUP',
  Driver: 'DRIVER',
  Scope: 'SCOPE',
  Availability: 'AVAILABILITY',
  Mountpoint: 'MOUNTPOINT',
  Labels: 'LABELS',
  Links: 'LINKS',
  Size: 'SIZE',
  Status: 'STATUS',
} as const;

export const run: CommandRun<typeof volumesFlags> = async (context, flags, args) => {
  const { name, project } = await projectOrName(context, args);
  const missing = project === undefined ? undefined : args.find((service) => project.services[service] === undefined);
  if (missing !== undefined) throw noSuchService(missing, Object.keys(project?.services ?? {}));
  const engine = await context.engine(name);
  const { containers, volumes } = await engine.observe(name, context.signal);
  const mounted = new Set(
    containers
      .filter((container) => isUp(container) && args.includes(serviceOf(container)))
      .flatMap((container) => container.mounts.map((mount) => mount.name)),
  );
  const chosen = args.length === 0 ? volumes : volumes.filter((volume) => mounted.has(volume.name));
  const format = flags.format === 'raw' ? 'name: {{.Name}}\ndriver: {{.Driver}}\n' : flags.format;
  context.io.stdout.write(
    flags.quiet
      ? chosen.map((volume) => `${volume.name}\n`).join('')
      : formatList(chosen.map(volumeRow), { format, defaultTable: '{{.Driver}}\t{{.Name}}', headers: HEADERS }),
  );
  return 0;
};

/** Size, links and cluster facts are not asked for: they would need a scan of the disk. */
const volumeRow = ({ name, driver, labels, scope, mountpoint }: ObservedVolume): Struct => ({
  [TYPE_NAME]: '*formatter.volumeContext',
  Availability: 'N/A',
  Driver: driver,
  Group: 'N/A',
  Label: (key: unknown) => labels[String(key)] ?? '',
  Labels: Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`)
    .join(','),
  Links: 'N/A',
  Mountpoint: mountpoint ?? '',
  Name: name,
  Scope: scope ?? 'local',
  Size: 'N/A',
  Status: 'N/A',
});
