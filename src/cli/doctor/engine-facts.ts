// The engines that were thought of, and what the one that would be used can do.

import type { Capabilities } from '../../engine/engine.ts';
import { type Candidate, NoEngineError, selectEngine } from '../../engine/select-engine.ts';
import type { CommandContext } from '../context.ts';
import type { Finding, Verdict } from './report.ts';

export interface EngineFacts {
  /** Undefined where no engine can be used. */
  readonly endpoint: string | undefined;
  readonly findings: readonly Finding[];
}

const VERDICTS: Readonly<Record<Candidate['outcome'], Verdict>> = {
  taken: 'ok',
  refused: 'missing',
  'not tried': 'info',
};

/**
 * Asks as every command does, and tells about every candidate; starts no engine. `canStart`: the native one would be started.
 */
export async function engineFacts(context: CommandContext, canStart: boolean): Promise<EngineFacts> {
  const { globals, env, signal } = context;
  try {
    const { engine, candidates } = await selectEngine({
      env,
      signal,
      ...(globals.engine === undefined ? {} : { explicit: globals.engine }),
    });
    try {
      const capabilities = await engine.capabilities(signal);
      return { endpoint: engine.endpoint, findings: [...candidates.map(finding), abilities(capabilities)] };
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (!(error instanceof NoEngineError)) throw error;
    const native = error.candidates.find(({ source }) => source === NATIVE);
    const told = (candidate: Candidate): Finding =>
      candidate === native ? sleeping(candidate, canStart) : finding(candidate);
    return { endpoint: canStart ? native?.endpoint : undefined, findings: error.candidates.map(told) };
  }
}

/** The name under which select-engine.ts tells of it. */
const NATIVE = 'native engine';

/** The native engine where nothing else answers, and it does not run either. */
const sleeping = ({ source, endpoint }: Candidate, canStart: boolean): Finding => ({
  topic: 'engine',
  name: source,
  verdict: canStart ? 'ok' : 'missing',
  detail: canStart
    ? `taken: it does not run, and the first command that needs it starts it (${endpoint})`
    : `refused: it does not run, and cannot be started here, as told below (${endpoint})`,
});

function finding({ source, endpoint, outcome, reason, hint }: Candidate): Finding {
  const place = endpoint === '' ? '' : ` (${endpoint})`;
  return {
    topic: 'engine',
    name: source,
    verdict: VERDICTS[outcome],
    detail: `${outcome}: ${reason}${place}`,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** What Compose files may ask for and this engine lacks. */
const FEATURES: readonly (readonly [keyof Capabilities, string])[] = [
  ['startInterval', 'healthcheck.start_interval'],
  ['endpointMac', 'networks.*.mac_address'],
  ['volumeSubpath', 'volume.subpath'],
  ['imageMounts', 'image mounts'],
  ['gatewayPriority', 'gw_priority'],
  ['interfaceName', 'interface_name'],
];

function abilities(capabilities: Capabilities): Finding {
  const lacking = FEATURES.filter(([key]) => capabilities[key] === false).map(([, name]) => name);
  const { engineVersion, apiVersion, os, architecture, builder } = capabilities;
  const detail = `${engineVersion}, API ${apiVersion}, ${os}/${architecture}, builds with ${builder}`;
  return {
    topic: 'engine',
    name: 'abilities',
    verdict: 'info',
    detail: lacking.length === 0 ? detail : `${detail}; cannot do: ${lacking.join(', ')}`,
  };
}
