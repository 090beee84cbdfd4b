// The graph for programs that draw: Mermaid and Graphviz's DOT.
import { COLOURS } from './colours.ts';
import type { ServiceNode, StackGraph } from './model.ts';

/** Names are put between quotes; a quote inside one cannot end it. */
const quoted = (text: string): string => `"${text.replaceAll('"', '#quot;')}"`;
const dotQuoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

export function mermaid(graph: StackGraph): string {
  const ids = new Map<string, string>();
  const id = (kind: string, name: string): string => {
    const key = `${kind} ${name}`;
    const known = ids.get(key) ?? `${kind}${ids.size}`;
    ids.set(key, known);
    return known;
  };
  const lines = ['flowchart TD'];
  for (const node of graph.services)
    lines.push(`  ${id('s', node.name)}[${quoted([node.name, node.image, ...node.ports].join('<br/>'))}]`);
  for (const name of graph.networks) lines.push(`  ${id('n', name)}([${quoted(name)}])`);
  for (const name of graph.volumes) lines.push(`  ${id('v', name)}[(${quoted(name)})]`);
  for (const node of graph.services) {
    for (const { service, until, required } of node.dependsOn)
      lines.push(`  ${id('s', node.name)} ${required ? '-->' : '-.->'}|${until}| ${id('s', service)}`);
    for (const name of node.networks) lines.push(`  ${id('s', node.name)} --- ${id('n', name)}`);
    for (const name of node.volumes) lines.push(`  ${id('s', node.name)} --- ${id('v', name)}`);
  }
  for (const node of graph.services)
    if (node.health !== undefined) lines.push(`  style ${id('s', node.name)} fill:${COLOURS[node.health]},color:#fff`);
  return `${lines.join('\n')}\n`;
}

export function dot(graph: StackGraph): string {
  const lines = [
    `digraph ${dotQuoted(graph.project)} {`,
    '  node [shape=box, style="rounded,filled", fillcolor=white];',
  ];
  for (const node of graph.services) lines.push(`  ${dotQuoted(node.name)} [${dotAttributes(node)}];`);
  for (const name of graph.networks)
    lines.push(`  ${dotQuoted(`network ${name}`)} [label=${dotQuoted(name)}, shape=ellipse];`);
  for (const name of graph.volumes)
    lines.push(`  ${dotQuoted(`volume ${name}`)} [label=${dotQuoted(name)}, shape=cylinder];`);
  for (const node of graph.services) {
    for (const { service, until, required } of node.dependsOn)
      lines.push(
        `  ${dotQuoted(node.name)} -> ${dotQuoted(service)} [label=${dotQuoted(until)}${required ? '' : ', style=dashed'}];`,
      );
    for (const [kind, names] of [
      ['network', node.networks],
      ['volume', node.volumes],
    ] as const)
      for (const name of names)
        lines.push(`  ${dotQuoted(node.name)} -> ${dotQuoted(`${kind} ${name}`)} [dir=none, color=gray];`);
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

function dotAttributes({ name, image, ports, health }: ServiceNode): string {
  const label = `label=${dotQuoted([name, image, ...ports].join('\n'))}`.replaceAll('\n', '\\n');
  return health === undefined ? label : `${label}, fillcolor="${COLOURS[health]}", fontcolor=white`;
}
