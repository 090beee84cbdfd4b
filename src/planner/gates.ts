// Waiting until the containers of a service are what somebody needs them to be, and saying why they never will be.
import type { ContainerDetails, Engine } from '../engine/engine.ts';
import { isAbort, WindlassError } from '../errors.ts';
import { STATUS } from '../events.ts';
import { debug } from '../log.ts';
import { timerDelay } from '../timers.ts';
import type { ExecutionState } from './execution-state.ts';
import type { GateCondition, StepOf } from './plan.ts';

type Gate = StepOf<'wait-condition'>;
type Sight = 'open' | 'closed' | { readonly failure: string; readonly mayTellMore?: boolean };

const LOG_LINES = 10;
const PROBES = 3;

/** Returns when the condition holds. Throws when it cannot hold any more, when time is up, or when aborted. */
export async function passGate(gate: Gate, state: ExecutionState): Promise<void> {
  const { signal } = state.context;
  const deadline =
    gate.timeoutSeconds === undefined ? undefined : AbortSignal.timeout(timerDelay(gate.timeoutSeconds * 1000));
  const over = deadline === undefined ? signal : AbortSignal.any([signal, deadline]);
  const tell = (status: string, kind: 'working' | 'done' | 'warning' | 'error', text?: string): void => {
    for (const { name } of gate.containers)
      state.emit({ id: `Container ${name}`, status, kind, ...(text === undefined ? {} : { text }) });
  };
  tell(STATUS.waiting, 'working');
  try {
    await untilOpen(gate, state, over);
    tell(gate.condition === 'service_completed_successfully' ? STATUS.exited : STATUS.healthy, 'done');
  } catch (error) {
    if (deadline?.aborted === true && !signal.aborted) {
      tell(STATUS.error, 'error');
      throw timedOut(gate);
    }
    if (!isAbort(error) && !signal.aborted)
      if (gate.bestEffort === undefined) tell(STATUS.error, 'error');
      else tell(`${STATUS.skipped}: optional dependency "${gate.service}" ${UNMET[gate.condition]}`, 'warning');
    throw error;
  }
}

const UNMET: Readonly<Record<GateCondition, string>> = {
  service_started: 'failed to start',
  service_healthy: 'failed to start',
  service_completed_successfully: "didn't complete successfully",
  running_or_healthy: 'is not running or is unhealthy',
};

function timedOut({ purpose, timeoutSeconds, service }: Gate): WindlassError {
  const time = `${timeoutSeconds}s`;
  return purpose === 'application'
    ? new WindlassError('NOT_HEALTHY', `application not healthy after ${time}`, {
        hint: `look at service "${service}", which is not ready yet, or give it more time with --wait-timeout`,
      })
    : new WindlassError(
        'DEPENDENCY_TIMEOUT',
        `timeout waiting for dependencies: "${service}" is not ready after ${time}`,
        {
          hint: 'give it more time with --wait-timeout',
        },
      );
}

async function untilOpen(gate: Gate, state: ExecutionState, signal: AbortSignal): Promise<void> {
  const { engine } = state.context;
  const ids = gate.containers.map((ref) => state.idOf(ref));
  for (let round = 0; ; round++) {
    signal.throwIfAborted();
    // Asked for before looking, so that nothing can happen in between unnoticed.
    const change = state.watch.change(signal);
    const sights = await Promise.all(
      ids.map(async (id) => {
        const details = await engine.inspectContainer(id, signal);
        return { details, sight: look(details, gate.condition) };
      }),
    );
    // One that cannot get healthy may be about to end, which says more than that it has no health check.
    for (const { details, sight } of sights)
      if (typeof sight === 'object' && !(sight.mayTellMore && round === 0))
        throw await explain(gate, engine, details, sight.failure);
    if (sights.every(({ sight }) => sight === 'open')) return;
    await change;
  }
}

/** What one look at a container says about a condition. */
function look(details: ContainerDetails, condition: GateCondition): Sight {
  const { name, state, exitCode } = details;
  const ended = state === 'exited' || state === 'dead';
  if (condition === 'service_completed_successfully')
    return ended ? (exitCode === 0 ? 'open' : { failure: `exit ${exitCode}` }) : 'closed';
  if (ended) return { failure: `container ${name} exited (${exitCode})` };
  if (condition === 'service_started') return state === 'running' ? 'open' : 'closed';
  if (!details.hasHealthcheck && condition === 'running_or_healthy') return state === 'running' ? 'open' : 'closed';
  if (!details.hasHealthcheck) return { failure: `container ${name} has no healthcheck configured`, mayTellMore: true };
  if (details.health === 'unhealthy') return { failure: `container ${name} is unhealthy` };
  return details.health === 'healthy' ? 'open' : 'closed';
}

/** The failure in docker compose's words, then what the container itself said. */
async function explain(gate: Gate, engine: Engine, details: ContainerDetails, failure: string): Promise<WindlassError> {
  const head =
    gate.condition === 'service_completed_successfully'
      ? `service "${gate.service}" didn't complete successfully: ${failure}`
      : gate.purpose === 'dependency'
        ? `dependency failed to start: ${failure}`
        : failure;
  const text = [head, ...probeLines(details), ...(await logLines(engine, details.id))].join('\n');
  return new WindlassError('DEPENDENCY_FAILED', text, { hint: `see more with "windlass logs ${gate.service}"` });
}

function probeLines({ probes }: ContainerDetails): string[] {
  if (probes.length === 0) return [];
  return [
    '  last health probes:',
    ...probes.slice(-PROBES).flatMap(({ exitCode, output }) => {
      const [first = '', ...rest] = output.trim().split('\n');
      return [`    exit ${exitCode}: ${first}`, ...rest.map((line) => `      ${line}`)];
    }),
  ];
}

/** The end of a container's log, indented; nothing where it cannot be had, since this is the explanation of another failure. */
async function logLines(engine: Engine, id: string): Promise<string[]> {
  try {
    const chunks: Uint8Array[] = [];
    const options = { follow: false, tail: String(LOG_LINES), timestamps: false };
    for await (const { data } of engine.logs(id, options, AbortSignal.timeout(5000))) chunks.push(data);
    const lines = Buffer.concat(chunks)
      .toString()
      .split(/\r?\n/)
      .filter((line) => line !== '');
    return lines.length === 0 ? [] : ['  last log lines:', ...lines.slice(-LOG_LINES).map((line) => `    ${line}`)];
  } catch (error) {
    debug('planner', () => `no logs of ${id}: ${String(error)}`);
    return [];
  }
}
