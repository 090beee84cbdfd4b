// Where a native engine lives: the folder that is kept, the folder that goes with a reboot, and its socket.
// Flags first, then the environment, then the usual places.
import { join, resolve } from 'node:path';

export interface EnginePlace {
  /** Kept over reboots: images, containers, volumes. */
  readonly lib: string;
  /** Gone with a reboot. */
  readonly run: string;
  /** Unix socket of the API. */
  readonly socket: string;
}

export const DEFAULT_PLACE: EnginePlace = {
  lib: '/var/lib/windlass',
  run: '/run/windlass',
  socket: '/run/windlass/engine.sock',
};

/** What flags say; empty or absent where they say nothing. */
export interface PlaceFlags {
  readonly root?: string;
  readonly run?: string;
  readonly socket?: string;
}

/** A root alone, from a flag or WINDLASS_ROOT, takes the other two along: `<root>/run` and `<root>/engine.sock`. */
export function enginePlace(
  flags: PlaceFlags,
  env: Readonly<Record<string, string | undefined>>,
  cwd = '/',
): EnginePlace {
  const given = (flag: string | undefined, variable: string): string | undefined => {
    const value = flag || env[variable];
    return value ? resolve(cwd, value) : undefined;
  };
  const root = given(flags.root, 'WINDLASS_ROOT');
  const below = root === undefined ? DEFAULT_PLACE : { run: join(root, 'run'), socket: join(root, 'engine.sock') };
  const run = given(flags.run, 'WINDLASS_RUN');
  return {
    lib: root ?? DEFAULT_PLACE.lib,
    run: run ?? below.run,
    socket:
      given(flags.socket, 'WINDLASS_SOCKET') ?? (root === undefined && run ? join(run, 'engine.sock') : below.socket),
  };
}
