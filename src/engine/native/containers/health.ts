// Health checks: a probe inside the container, again and again, and what its results mean.
import type { Readable } from 'node:stream';
import { messageOf } from '../../../errors.ts';
import { formatDuration } from '../../../go-duration.ts';
import { debug } from '../../../log.ts';
import { timerDelay } from '../../../timers.ts';
import type { EventBus } from '../events.ts';
import type { HealthConfig } from '../images/image-config.ts';
import { timestamp } from '../names.ts';
import { eventAttributes } from './event-attributes.ts';
import type { ExecSessions } from './exec.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { ContainerStore } from './store.ts';
import { type ContainerRecord, type Health, isLive, type ProbeLog } from './types.ts';

const NANOSECONDS = 1e6;
const DEFAULTS = { intervalMs: 30_000, timeoutMs: 30_000, startPeriodMs: 0, startIntervalMs: 5_000, retries: 3 };
/** As many results are kept, each with so much of its output. */
const KEPT_RESULTS = 5;
const KEPT_OUTPUT = 4096;

export interface Probe {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
  readonly retries: number;
}

/** The probe of a configuration; undefined where there is none. Pure. */
export function probeOf(
  config: HealthConfig | undefined,
  shell: readonly string[] | null | undefined,
): Probe | undefined {
  const [kind, ...rest] = config?.Test ?? [];
  if (!config || kind === undefined || kind === 'NONE' || kind === '') return undefined;
  const command =
    kind === 'CMD' ? rest : kind === 'CMD-SHELL' ? [...(shell ?? ['/bin/sh', '-c']), rest.join(' ')] : undefined;
  if (!command || command.length === 0) return undefined;
  const ms = (nanoseconds: number | undefined, fallback: number): number =>
    nanoseconds ? nanoseconds / NANOSECONDS : fallback;
  return {
    command,
    intervalMs: ms(config.Interval, DEFAULTS.intervalMs),
    timeoutMs: ms(config.Timeout, DEFAULTS.timeoutMs),
    startPeriodMs: ms(config.StartPeriod, DEFAULTS.startPeriodMs),
    startIntervalMs: ms(config.StartInterval, DEFAULTS.startIntervalMs),
    retries: config.Retries || DEFAULTS.retries,
  };
}

/** Health after one more result. Failures within the start period do not count while it is still starting. Pure. */
export function judge(before: Health, result: ProbeLog, probe: Probe, sinceStartMs: number): Health {
  const Log = [...before.Log, result].slice(-KEPT_RESULTS);
  if (result.ExitCode === 0) return { Status: 'healthy', FailingStreak: 0, Log };
  if (before.Status === 'starting' && sinceStartMs < probe.startPeriodMs) return { ...before, Log };
  const FailingStreak = before.FailingStreak + 1;
  return { Status: FailingStreak >= probe.retries ? 'unhealthy' : before.Status, FailingStreak, Log };
}

export interface HealthParts {
  readonly store: ContainerStore;
  readonly lifecycle: Lifecycle;
  readonly execs: ExecSessions;
  readonly events: EventBus;
}

export class HealthChecks {
  readonly #parts: HealthParts;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(parts: HealthParts) {
    this.#parts = parts;
    parts.lifecycle.listen({
      started: (record) => this.#begin(record, true),
      ended: (record) => this.#end(record.id),
      removed: (record) => this.#end(record.id),
    });
  }

  /** Goes on with the checks of containers that an earlier engine started. */
  resume(): void {
    for (const record of this.#parts.store.all()) if (isLive(record.state.status)) this.#begin(record, false);
  }

  close(): void {
    for (const id of [...this.#timers.keys()]) this.#end(id);
  }

  #begin(record: ContainerRecord, fresh: boolean): void {
    const probe = probeOf(record.config.Healthcheck, record.config.Shell);
    if (!probe) return;
    if (fresh || !record.state.health)
      this.#parts.store.updateState(record.id, { health: { Status: 'starting', FailingStreak: 0, Log: [] } });
    this.#schedule(record.id, record.state.startedAt, probe);
  }

  #end(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  #schedule(id: string, run: string, probe: Probe): void {
    const record = this.#parts.store.get(id);
    const age = Date.now() - Date.parse(run);
    const starting = record?.state.health?.Status === 'starting' && age < probe.startPeriodMs;
    const delay = starting ? Math.min(probe.startIntervalMs, probe.intervalMs) : probe.intervalMs;
    clearTimeout(this.#timers.get(id));
    this.#timers.set(
      id,
      setTimeout(() => void this.#check(id, run, probe), timerDelay(delay)),
    );
  }

  async #check(id: string, run: string, probe: Probe): Promise<void> {
    const { store, events } = this.#parts;
    const isSameRun = (record: ContainerRecord | undefined): record is ContainerRecord =>
      record !== undefined && isLive(record.state.status) && record.state.startedAt === run;
    const record = store.get(id);
    if (!isSameRun(record)) return;
    if (record.state.status === 'running') {
      const result = await this.#probe(record, probe);
      const after = store.get(id);
      if (!isSameRun(after)) return;
      const before = after.state.health ?? { Status: 'starting', FailingStreak: 0, Log: [] };
      const health = judge(before, result, probe, Date.now() - Date.parse(run));
      const told = store.updateState(id, { health });
      if (health.Status !== before.Status)
        events.emit('container', `health_status: ${health.Status}`, id, eventAttributes(told));
    }
    this.#schedule(id, run, probe);
  }

  async #probe(record: ContainerRecord, probe: Probe): Promise<ProbeLog> {
    const Start = timestamp();
    const done = (ExitCode: number, Output: string): ProbeLog => ({ Start, End: timestamp(), ExitCode, Output });
    const session = this.#parts.execs.create(record.id, { Cmd: probe.command });
    try {
      const streams = await this.#parts.execs.start(session, record, { input: false, terminal: false });
      const output = collect([streams.stdout, streams.stderr]);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), timerDelay(probe.timeoutMs));
      });
      const result = await Promise.race([streams.ended, late]);
      clearTimeout(timer);
      if (result) return done(result.exitCode, result.failure ?? output());
      await this.#parts.execs.kill(session.id);
      return done(
        -1,
        `Health check exceeded timeout (${formatDuration(BigInt(Math.round(probe.timeoutMs * NANOSECONDS)))})`,
      );
    } catch (error) {
      debug('health', () => messageOf(error));
      return done(-1, messageOf(error));
    } finally {
      // No client knows of it: kept, a hundred of them for every container would be in memory.
      this.#parts.execs.discard(session.id);
    }
  }
}

function collect(streams: readonly (Readable | undefined)[]): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  for (const stream of streams)
    stream?.on('data', (chunk: Buffer) => {
      if (size < KEPT_OUTPUT) chunks.push(chunk.subarray(0, KEPT_OUTPUT - size));
      size += chunk.length;
    });
  return () => Buffer.concat(chunks).toString('utf8') + (size > KEPT_OUTPUT ? '...' : '');
}
