// The graph as a tree for a terminal: what is started last at the root, what it waits for below it.
import type { Health, ServiceNode, StackGraph } from './model.ts';

/** What stands before a service that somebody looked at. */
const SIGNS: Readonly<Record<Health, string>> = {
  healthy: '●',
  running: '●',
  starting: '◐',
  unhealthy: '✗',
  completed: '✓',
  failed: '✗',
  stopped: '○',
  absent: '·',
};

/**
 * ```
 * shop
 * └─ web  nginx  8080→80/tcp
 *    └─ api (healthy)  shop-api
 *       └─ db  mariadb
 * networks  default: api, db, web
 * volumes   data: db
 * ```
 */
export function graphText(graph: StackGraph): string {
  const nodes = new Map(graph.services.map((node) => [node.name, node]));
  const wanted = new Set(graph.services.flatMap(({ dependsOn }) => dependsOn.map(({ service }) => service)));
  const roots = graph.services.filter(({ name }) => !wanted.has(name)).reverse();
  const lines = [graph.project];
  const shown = new Set<string>();
  const branch = (node: ServiceNode, until: string, indent: string, isLast: boolean): void => {
    const again = shown.has(node.name) && node.dependsOn.length > 0;
    lines.push(`${indent}${isLast ? '└─ ' : '├─ '}${words(node, until)}${again ? '  …' : ''}`);
    if (again) return;
    shown.add(node.name);
    for (const [index, { service, until: condition, required }] of node.dependsOn.entries()) {
      const below = nodes.get(service);
      if (below === undefined) continue;
      const gate = `${condition === 'started' ? '' : condition}${required ? '' : ' if it can be'}`.trim();
      branch(below, gate, `${indent}${isLast ? '   ' : '│  '}`, index === node.dependsOn.length - 1);
    }
  };
  for (const [index, root] of roots.entries()) branch(root, '', '', index === roots.length - 1);
  lines.push(...uses('networks', graph.networks, graph, ({ networks }) => networks));
  lines.push(...uses('volumes ', graph.volumes, graph, ({ volumes }) => volumes));
  return `${lines.join('\n')}\n`;
}

function words(node: ServiceNode, until: string): string {
  const sign = node.health === undefined ? '' : `${SIGNS[node.health]} `;
  const state = node.health === undefined ? [] : [node.health];
  const gate = until === '' ? '' : ` (${until})`;
  return [`${sign}${node.name}${gate}`, node.image, ...node.ports, ...state].join('  ');
}

const uses = (
  title: string,
  names: readonly string[],
  { services }: StackGraph,
  pick: (node: ServiceNode) => readonly string[],
): string[] =>
  names.map((name, index) => {
    const users = services.filter((node) => pick(node).includes(name)).map((node) => node.name);
    return `${index === 0 ? title : ' '.repeat(title.length)}  ${name}: ${users.sort().join(', ')}`;
  });
