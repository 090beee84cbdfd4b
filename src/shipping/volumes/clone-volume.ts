// The contents of one volume into another, empty one: block by shared block where the file system can (reflinks), else copied.
import { realHost } from '../../host.ts';
import type { VolumePlace } from './helper-container.ts';
import { fillVolume, folderOf, readVolume } from './volume-access.ts';
import { VolumeError } from './volume-error.ts';

/** Neither may change meanwhile. */
export async function copyVolume(source: VolumePlace, target: VolumePlace): Promise<void> {
  const [from, to] = [await folderOf(source), await folderOf(target)];
  if (from === undefined || to === undefined) return fillVolume(target, readVolume(source));
  const { exitCode, stderr } = await realHost.run(
    'cp',
    ['--archive', '--reflink=auto', '--sparse=auto', '--no-target-directory', from, to],
    { ...(source.signal === undefined ? {} : { signal: source.signal }) },
  );
  if (exitCode !== 0) throw new VolumeError(`cannot copy "${from}" to "${to}": cp says: ${stderr.trim().slice(-2000)}`);
}
