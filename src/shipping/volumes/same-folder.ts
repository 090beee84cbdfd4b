// Whether a path that an engine names is the same folder here. An engine behind a forwarded socket, in a virtual machine or in a
// container names paths of its own, and one of that name may be on this machine as well.
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The engine tells whole seconds, and may have looked at the clock before or after the folder was made. */
const TOLERANCE_MS = 2000;

/**
 * Whether the folder of a volume, `…/NAME/_data`, is as old as the engine says. Docker tells the time of change (ctime, which
 * nobody can set) of the folder, or since Docker 24 of the one it is in; the native engine and Podman tell when it was made.
 */
export async function isFolderOf(createdAt: string, folder: string): Promise<boolean> {
  const told = Date.parse(createdAt);
  if (Number.isNaN(told)) return false;
  const found = await Promise.all([folder, dirname(folder)].map((path) => stat(path).catch(() => undefined)));
  const times = found.flatMap((one) => (one === undefined ? [] : [one.ctimeMs, one.birthtimeMs]));
  return found[0]?.isDirectory() === true && times.some((time) => Math.abs(time - told) <= TOLERANCE_MS);
}
