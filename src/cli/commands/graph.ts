// `graph`: the services, what they wait for and what they share, as text or as a picture.
import { writeFile } from 'node:fs/promises';
import { UsageError } from '../../errors.ts';
import { selectServices } from '../../planner/services.ts';
import type { CommandRun } from '../declaration.ts';
import type { graphFlags } from '../declarations/model.ts';
import { dot, mermaid } from '../graph/diagram-text.ts';
import { page } from '../graph/escape.ts';
import { healthByService } from '../graph/health.ts';
import { type StackGraph, stackGraph } from '../graph/model.ts';
import { graphSvg } from '../graph/svg.ts';
import { graphText } from '../graph/text.ts';
import { writing } from '../output/writing.ts';
import { loadTarget } from '../project.ts';

const FORMATS: Readonly<Record<string, (graph: StackGraph) => string>> = {
  text: graphText,
  mermaid,
  dot,
  svg: graphSvg,
  html: (graph) => page(`${graph.project}: services`, graphSvg(graph)),
  json: (graph) => `${JSON.stringify(graph, undefined, 2)}\n`,
};

export const run: CommandRun<typeof graphFlags> = async (context, flags, args) => {
  const format = flags.format ?? formatOf(flags.output);
  const write = FORMATS[format];
  if (write === undefined)
    throw new UsageError(`unsupported format value "${format}"`, {
      hint: `use one of ${Object.keys(FORMATS).join(', ')}`,
    });
  const { project: whole, services } = await loadTarget(context, args);
  const project = selectServices(whole, { services, with: 'dependencies' });
  const live = flags.live
    ? await (await context.engine(project.name)).listContainers(project.name, context.signal)
    : [];
  const text = write(stackGraph(project, flags.live ? healthByService(project, live) : {}));
  if (flags.output === undefined) context.io.stdout.write(text);
  else {
    const file = flags.output;
    await writing('the graph', 'choose another file with -o', () => writeFile(file, text));
  }
  return 0;
};

/** The ending of the file's name, or text. */
const formatOf = (file: string | undefined): string => {
  const ending = /\.(\w+)$/.exec(file ?? '')?.[1]?.toLowerCase() ?? 'text';
  return { mmd: 'mermaid', gv: 'dot', htm: 'html', txt: 'text' }[ending] ?? ending;
};
