// The house (docs/architecture.md): which part a file belongs to, which parts may import which, and where each library lives.

/** Part → path prefix below src/; the first that matches counts. */
const ROOMS = {
  'engine/native': /^engine\/native\//,
  'engine/client': /^engine\/client\//,
  'engine/select-engine.ts': /^engine\/(select-engine|candidates|docker-context)[^/]*\.ts$/,
  'engine/engine.ts': /^engine\//,
  network: /^network\//,
  registry: /^registry\//,
  archive: /^archive\//,
  spec: /^spec\//,
  planner: /^planner\//,
  watch: /^watch\//,
  remote: /^remote\//,
  bridge: /^bridge\//,
  shipping: /^shipping\//,
  cli: /^cli\//,
  'main.ts': /^main\.ts$/,
  // Also data outside src/: package.json, schemas/.
  vocabulary: /^(\.\.\/|[^/]+\.ts$)/,
} as const;

export type Room = keyof typeof ROOMS;

/** The part that a file of src/ belongs to. */
export function roomOf(file: string): Room {
  for (const [room, pattern] of Object.entries(ROOMS)) if (pattern.test(file)) return room as Room;
  throw new Error(`src/${file} is in no part of the house`);
}

/** Part → the parts it may import, beside itself and the shared vocabulary. */
export const ARROWS: Readonly<Record<Room, readonly Room[]>> = {
  'main.ts': ['cli'],
  // engine/native for the `engine` commands alone, which run it.
  cli: [
    'spec',
    'planner',
    'watch',
    'shipping',
    'remote',
    'bridge',
    'engine/engine.ts',
    'engine/select-engine.ts',
    'engine/native',
    'registry',
    'archive',
  ],
  spec: [],
  planner: ['engine/engine.ts', 'archive'],
  watch: ['engine/engine.ts', 'archive'],
  shipping: ['engine/engine.ts', 'registry', 'archive'],
  remote: ['registry'],
  bridge: [],
  'engine/engine.ts': [],
  'engine/select-engine.ts': ['engine/engine.ts', 'engine/client'],
  'engine/client': ['engine/engine.ts', 'registry', 'archive'],
  'engine/native': ['engine/engine.ts', 'network', 'registry', 'archive'],
  network: [],
  registry: [],
  archive: [],
  vocabulary: [],
};

/** Library → the one part that may import it. */
export const LIBRARY_HOMES: Readonly<Record<string, Room>> = {
  yaml: 'spec',
  ajv: 'spec',
  dockerode: 'engine/client',
  listr2: 'cli',
  commander: 'cli',
};

/** Mermaid text of the arrows that are drawn, sorted; shared vocabulary left out, since everything may use it. */
export function picture(arrows: Iterable<readonly [Room, Room]>): string {
  const id = (room: Room): string => room.replace(/[^a-z]/g, '_');
  const drawn = new Set<string>();
  const rooms = new Set<Room>();
  for (const [from, to] of arrows) {
    if (from === to || to === 'vocabulary' || from === 'vocabulary') continue;
    rooms.add(from).add(to);
    drawn.add(`  ${id(from)} --> ${id(to)}`);
  }
  const names = [...rooms].sort().map((room) => `  ${id(room)}["${room}"]`);
  return ['```mermaid', 'flowchart TD', ...names, ...[...drawn].sort(), '```'].join('\n');
}
