// `exec --all`: one command in every running container of a service at once.
import type { Engine, ExecRequest, ObservedContainer } from '../engine/engine.ts';
import type { CommandContext } from './context.ts';
import { cutLines, LogLines } from './output/log-lines.ts';
import { shortName } from './select-containers.ts';

/** Output comes as lines with the container's name in front; resolves with the highest exit code. */
export async function execEverywhere(
  context: CommandContext,
  engine: Engine,
  containers: readonly ObservedContainer[],
  request: ExecRequest,
  detach: boolean,
): Promise<number> {
  const { io, globals, signal } = context;
  const color = globals.color && (globals.ansi === 'always' || io.stdout.isTTY);
  const lines = new LogLines({ color, prefix: true, timestamps: false });
  for (const container of containers) lines.register(shortName(container));
  if (globals.dryRun) return 0;
  const codes = await Promise.all(
    containers.map(async (container) => {
      const exec = await engine.createExec(container.id, request, signal);
      const streams = await exec.start({ detach, tty: false });
      if (streams === undefined) return 0;
      streams.stdin.end();
      const name = shortName(container);
      await Promise.all([
        cutLines(streams.stdout, (line) => lines.line(io.stdout, name, line)),
        cutLines(streams.stderr, (line) => lines.line(io.stderr, name, line)),
      ]);
      return exec.exitCode();
    }),
  );
  return Math.max(...codes);
}
