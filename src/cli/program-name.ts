// The name this process was started under: windlass, or that of a link to it, such as docker-compose.
import { basename } from 'node:path';

/** `windlass`, `docker-compose`, …: the name of the script or link, without its ending. */
export function invokedAs(argv: readonly string[] = process.argv): string {
  const name = basename(argv[1] ?? '').replace(/\.(js|ts)$/, '');
  // `main` is the program run from its sources.
  return name === '' || name === 'main' ? 'windlass' : name;
}
