// Two engines to measure: windlass's own on a root of its own, and a Docker Engine.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureBusybox } from '../../scripts/ground/busybox-image.ts';
import { engineAnswers, findOrStartEngine } from '../../scripts/ground/find-engine.ts';
import { removeGroup } from '../../scripts/ground/footprint.ts';
import { failure, must, type Ran, run, start } from '../../scripts/ground/run.ts';

const START_DEADLINE_MS = 30_000;

export type Side = 'windlass' | 'docker';

export interface Ground {
  /** For files of the measurements. */
  readonly folder: string;
  /** The native engine's process and root. */
  readonly pid: number;
  readonly root: string;
  /** `CgroupParent` for containers that are counted. */
  readonly cgroup: string;
  readonly hosts: Readonly<Record<Side, string>>;
  /** windlass on its own engine, docker compose on Docker Engine. */
  readonly compose: Readonly<Record<Side, readonly [string, ...string[]]>>;
  readonly dockerVersion: string;
  /** Runs a program that has to succeed, with one of the engines as its own. */
  ran(side: Side, command: readonly [string, ...string[]], cwd?: string): Promise<Ran>;
  /** The docker CLI. */
  docker(side: Side, ...args: string[]): Promise<string>;
  interrupt(): void;
  stop(): Promise<void>;
}

export async function startGround(folder: string, program: string, peer: string): Promise<Ground> {
  const docker = await findOrStartEngine();
  const root = join(folder, 'engine');
  const socket = join(root, 'engine.sock');
  const started = start(process.execPath, [program, 'engine', 'run', '--root', root], { deadline: 7_200_000 });
  const hosts = { windlass: `unix://${socket}`, docker: docker.host };
  const until = Date.now() + START_DEADLINE_MS;
  while (!(await engineAnswers(hosts.windlass))) {
    if (Date.now() > until) throw new Error(`the native engine does not answer:\n${started.output()}`);
    await delay(50);
  }
  let interrupted = false;
  const env: Record<Side, NodeJS.ProcessEnv> = {
    windlass: { ...process.env, DOCKER_HOST: hosts.windlass, WINDLASS_ENGINE: 'native', WINDLASS_SOCKET: socket },
    docker: { ...process.env, DOCKER_HOST: hosts.docker },
  };
  const cgroup = `/windlass-bench-${process.pid}`;
  const ground: Ground = {
    folder,
    pid: started.process.pid ?? 0,
    root,
    cgroup,
    hosts,
    compose: { windlass: [process.execPath, program], docker: [peer] },
    dockerVersion: (await must('docker', ['version', '--format', '{{.Server.Version}}'], { env: env.docker })).trim(),
    async ran(side, [name, ...args], cwd) {
      if (interrupted) throw new Error('interrupted');
      const ran = await run(name, args, { env: env[side], ...(cwd === undefined ? {} : { cwd }) });
      if (ran.exitCode !== 0) throw new Error(failure(ran));
      return ran;
    },
    docker: async (side, ...args) => (await ground.ran(side, ['docker', ...args])).stdout.trim(),
    interrupt() {
      interrupted = true;
    },
    async stop() {
      for (const side of ['windlass', 'docker'] as const) await removeOurs(env[side]);
      started.process.kill('SIGTERM');
      await started.ended;
      await removeGroup(cgroup);
      await docker.stop();
    },
  };
  await Promise.all(Object.values(hosts).map((host) => ensureBusybox(host)));
  return ground;
}

/** Label of everything that the measurements make by themselves. */
export const LABEL = 'windlass.bench';
/** Projects of the measurements start so. */
export const PROJECT = 'windlass-bench';

/** What an interrupted round left. */
async function removeOurs(env: NodeJS.ProcessEnv): Promise<void> {
  const list = async (...args: string[]): Promise<string[]> =>
    (await run('docker', args, { env })).stdout.split('\n').filter((line) => line !== '');
  const projects = (
    await list('ps', '-a', '--filter', 'label=com.docker.compose.project', '--format', '{{.ID}} {{.Names}}')
  ).filter((line) => line.includes(` ${PROJECT}`));
  const ids = [
    ...projects.map((line) => line.split(' ', 1)[0] ?? ''),
    ...(await list('ps', '-aq', '--filter', `label=${LABEL}`)),
  ];
  if (ids.length > 0) await run('docker', ['rm', '-f', '-v', ...ids], { env });
  const networks = await list('network', 'ls', '--filter', `name=${PROJECT}`, '--format', '{{.Name}}');
  for (const name of networks.filter((one) => one.startsWith(PROJECT)))
    await run('docker', ['network', 'rm', name], { env });
}
