// `alpha generate`: a Compose file made from containers that exist.
import { basename, resolve } from 'node:path';
import { UsageError, WindlassError } from '../../errors.ts';
import { goJsonIndented } from '../../go-json.ts';
import { normaliseProjectName } from '../../names.ts';
import { emitYaml } from '../../spec/yaml/emit.ts';
import type { CommandRun } from '../declaration.ts';
import type { generateFlags } from '../declarations/alpha.ts';
import { describedProject } from '../generate/described.ts';

export const run: CommandRun<typeof generateFlags> = async (context, flags, args) => {
  if (flags.format !== 'yaml' && flags.format !== 'json')
    throw new UsageError(`unsupported format "${flags.format}"`, { hint: 'use "yaml" or "json"' });
  context.io.stderr.write('generate command is EXPERIMENTAL\n');
  if (args.length === 0) throw new UsageError('at least one container must be specified');
  const engine = await context.engine();
  const found = await Promise.all(args.map((name) => engine.findContainer(name, context.signal)));
  const missing = args.filter((_, index) => found[index] === undefined);
  if (missing.length > 0)
    throw new WindlassError('NO_CONTAINERS', `no container(s) found with the following name(s): ${missing.join(',')}`);
  const ids = [...new Set(found.flatMap((one) => one?.id ?? []))];
  const seen = await Promise.all(
    ids.map(async (id) => {
      const details = await engine.inspectContainer(id, context.signal);
      return { details, image: await engine.findImage(details.imageId, context.signal) };
    }),
  );
  const folder = flags['project-dir'];
  const name = flags.name || (folder === '' ? undefined : normaliseProjectName(basename(resolve(folder))));
  const project = describedProject(seen, name);
  context.io.stdout.write(flags.format === 'json' ? `${goJsonIndented(project)}\n` : emitYaml(project));
  return 0;
};
