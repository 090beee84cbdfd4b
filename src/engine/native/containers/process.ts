// Facts about processes from /proc, and signals that cannot hit a stranger who has inherited a pid.
import { constants } from 'node:os';
import { hasCode, type NativeHost, readIfExists } from '../host.ts';
import type { ContainerRecord } from './types.ts';

/** Start time of a process in clock ticks since boot; undefined when there is none. A zombie counts as none. */
export async function processStart(host: NativeHost, pid: number): Promise<string | undefined> {
  const stat = await readIfExists(host.files, `/proc/${pid}/stat`).catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name in brackets may hold anything; fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** Whether the process that was recorded still runs. */
export const isSameProcess = async (host: NativeHost, pid: number, start: string): Promise<boolean> =>
  pid > 0 && (await processStart(host, pid)) === start;

/** The file that leads to a running container's network namespace. */
export const networkNamespaceOf = (record: ContainerRecord): string => `/proc/${record.state.pid}/ns/net`;

/** The folder in which the host sees a running container's files as the container does. */
export const rootOf = (record: ContainerRecord): string => `/proc/${record.state.pid}/root`;

/** Sends a signal if the process is still the one recorded. Returns whether it was sent. */
export async function signalProcess(host: NativeHost, pid: number, start: string, signal: number): Promise<boolean> {
  if (!(await isSameProcess(host, pid, start))) return false;
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false;
    throw error;
  }
}

/** `SIGTERM`, `TERM`, `15`, `RTMIN+3` → number; undefined when there is no such signal. */
export function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) >= 1 && Number(text) <= 64 ? Number(text) : undefined;
  const name = text.toUpperCase().replace(/^SIG/, '');
  const realtime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realtime) {
    const offset = Number(realtime[3] ?? 0) * (realtime[2] === '-' ? -1 : 1);
    const value = (realtime[1] === 'MIN' ? 34 : 64) + offset;
    return value >= 34 && value <= 64 ? value : undefined;
  }
  const signals: Readonly<Record<string, number>> = constants.signals;
  return signals[`SIG${name}`];
}
