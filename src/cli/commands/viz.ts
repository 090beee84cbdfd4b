// `alpha viz`: the services and what they depend on, as a graph for Graphviz.
import { UsageError } from '../../errors.ts';
import { byBytes } from '../../go-json.ts';
import type { Project, Service } from '../../model.ts';
import { builtImageName } from '../../names.ts';
import type { CommandRun, FlagValues } from '../declaration.ts';
import type { vizFlags } from '../declarations/alpha.ts';

type VizFlags = FlagValues<typeof vizFlags>;

export const run: CommandRun<typeof vizFlags> = async (context, flags) => {
  if (flags['indentation-size'] < 0) throw new UsageError(`invalid indentation size: ${flags['indentation-size']}`);
  context.io.stderr.write('viz command is EXPERIMENTAL\n');
  context.io.stdout.write(`${graphOf(await context.loadProject(), flags)}\n`);
  return 0;
};

/** docker compose's graph, in the order of names where it has none. */
export function graphOf(project: Project, flags: Omit<VizFlags, 'dry-run'>): string {
  const indent = (flags.spaces ? ' ' : '\t').repeat(flags['indentation-size']);
  const services = Object.keys(project.services)
    .sort(byBytes)
    .flatMap((name) => project.services[name] ?? []);
  const nodes = services.map(
    (service) => `${indent}"${service.name}" [style="filled" label=<${label(project, service, flags)}>];\n`,
  );
  const edges = services.flatMap(({ name, depends_on = {} }) =>
    Object.keys(depends_on)
      .sort(byBytes)
      .map((dependency) => `${indent}"${name}" -> "${dependency}";\n`),
  );
  return `digraph "${project.name}" {\n${indent}layout=dot;\n${nodes.join('')}\n${edges.join('')}}\n`;
}

function label(project: Project, service: Service, flags: Omit<VizFlags, 'dry-run'>): string {
  const { name, image, networks = {}, ports = [] } = service;
  const parts = [`<font point-size="15">${name}</font>`];
  const add = (title: string, items: readonly string[]) => {
    if (items.length > 0)
      parts.push(
        `<font point-size="10"><br/><br/><b>${title}:</b>${items.map((item) => `<br/>${item}`).join('')}</font>`,
      );
  };
  const byPriority = (a: string, b: string): number =>
    (networks[b]?.priority ?? 0) - (networks[a]?.priority ?? 0) || byBytes(a, b);
  if (flags.networks) add('Networks', Object.keys(networks).sort(byPriority));
  if (flags.ports)
    add(
      'Ports',
      ports.map(
        ({ host_ip = '', published = '', target, protocol, mode }) =>
          `${host_ip === '' ? '' : `${host_ip}:`}${published}:${target} (${protocol}, ${mode})`,
      ),
    );
  if (flags.image) add('Image', [image ?? builtImageName(project.name, name)]);
  return parts.join('');
}
