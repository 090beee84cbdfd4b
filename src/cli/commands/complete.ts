// `__complete`: asked by the shells' scripts and by docker's own completion what may stand in place of the last word.
import { resolve } from 'node:path';
import type { Project } from '../../model.ts';
import { LABEL } from '../../names.ts';
import { complete, type LookUp } from '../completion/candidates.ts';
import { type Walked, walk } from '../completion/walk.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun } from '../declaration.ts';
import type { completionFlags } from '../declarations/about.ts';
import { commandGroups, commands } from '../declarations/index.ts';
import { globalFlags } from '../globals.ts';
import { allFlags } from '../program.ts';

/** cobra's directives. */
const NO_SPACE = 2;
const NO_FILES = 4;

export const run: CommandRun<typeof completionFlags> = async (context, _flags, args) => {
  // docker asks a plugin with the plugin's name in front.
  const words = args[0] === 'compose' ? args.slice(1) : args;
  const grammar = { globals: globalFlags, commands, groups: commandGroups, flagsOf: allFlags };
  const walked = walk(words, grammar);
  const { candidates, files, noSpace } = await complete(walked, grammar, lookUps(context, walked));
  const current = words.at(-1) ?? '';
  const fitting = candidates.filter(({ value }) => value.startsWith(current));
  const lines = fitting.map(({ value, help }) => (help === '' ? value : `${value}\t${oneLine(help)}`));
  const directive = (files ? 0 : NO_FILES) + (noSpace && fitting.length > 0 ? NO_SPACE : 0);
  context.io.stdout.write([...lines, `:${directive}`, ''].join('\n'));
  return 0;
};

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

/** Looks things up as the flags before the cursor say; what cannot be had is simply not offered. */
function lookUps(context: CommandContext, { globals }: Walked): LookUp {
  const values = (key: string): readonly string[] => globals.get(key) ?? [];
  let loaded: Promise<Project | undefined> | undefined;
  const project = (): Promise<Project | undefined> => {
    loaded ??= (async () => {
      const { loadProject } = await import('../../spec/load.ts');
      const directory = values('project-directory').at(-1);
      const options = context.loadOptions({
        files: values('file'),
        ...(directory === undefined ? {} : { projectDirectory: resolve(context.cwd, directory) }),
        envFiles: values('env-file').map((file) => resolve(context.cwd, file)),
        profiles: ['*'],
        checkConsistency: false,
      });
      return (await loadProject(options)).project;
    })().catch(() => undefined);
    return loaded;
  };
  return {
    services: async () => Object.keys((await project())?.services ?? {}).sort(),
    profiles: async () => {
      const services = Object.values((await project())?.services ?? {});
      return [...new Set(services.flatMap((service) => service.profiles ?? []))].sort();
    },
    projects: async () => {
      try {
        const engine = await context.engine();
        const containers = await engine.listProjectContainers(true, context.signal);
        return [...new Set(containers.map(({ labels }) => labels[LABEL.project] ?? ''))].filter(Boolean).sort();
      } catch {
        return [];
      }
    },
  };
}
