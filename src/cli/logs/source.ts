// One container's log as batches of records, its two streams in the order in which the engine sends them.
import type { Engine, LogOptions } from '../../engine/engine.ts';
import { type LogRecord, RecordCutter } from './record.ts';

/** Batches, so that a million lines do not cost a million awaits. */
export async function* recordsOf(
  engine: Engine,
  id: string,
  options: Omit<LogOptions, 'timestamps'>,
  signal: AbortSignal,
): AsyncGenerator<readonly LogRecord[]> {
  const cutters = { stdout: new RecordCutter(), stderr: new RecordCutter() };
  for await (const { stream, data } of engine.logs(id, { ...options, timestamps: true }, signal)) {
    const records = cutters[stream].write(data);
    if (records.length > 0) yield records;
  }
  const last = [...cutters.stdout.end(), ...cutters.stderr.end()];
  if (last.length > 0) yield last;
}
