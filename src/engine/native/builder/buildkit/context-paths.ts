// Which part of the context a Dockerfile can want: asking for it alone spares sending the rest. Pure but for a look at images.
import { findImage } from '../../images/lookup.ts';
import type { ImageStore } from '../../images/store.ts';
import { contextName } from '../context-name.ts';
import type { Dockerfile, Instruction, Stage } from '../dockerfile/instructions.ts';
import { parseHeredoc } from '../dockerfile/lexer.ts';
import { isRemote } from '../remote/download.ts';
import { isRepository } from '../remote/git-source.ts';
import type { BuildOptions } from '../request.ts';
import { baseStage } from '../stage-graph.ts';

/** Paths within the context; undefined where only the build itself will tell, so that everything has to be there. */
export function contextPaths(
  { stages }: Dockerfile,
  { pull, contexts }: Pick<BuildOptions, 'pull' | 'contexts'>,
  images: Pick<ImageStore, 'find'>,
): string[] | undefined {
  const isPlain = (stage: Stage): boolean => {
    // A base may bring instructions of its own, for those who build on it.
    if (stage.base.includes('$')) return false;
    if (stage.base === 'scratch' || baseStage(stages, stage.base, stage.index)) return true;
    if (pull || contexts.has(contextName(stage.base))) return false;
    const image = findImage(images as ImageStore, stage.base);
    return image !== undefined && (image.config.config?.OnBuild ?? []).length === 0;
  };
  if (!stages.every(isPlain)) return undefined;
  const paths = new Set<string>();
  for (const source of stages.flatMap(({ instructions }) => instructions.flatMap(sources))) {
    const path = source.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '');
    // What has to be unquoted or filled in first, or means everything.
    if (path === '' || path === '.' || /[$"'\\]|\*\*|(?:^|\/)\.\.?(?:\/|$)/.test(path)) return undefined;
    paths.add(path);
  }
  return [...paths];
}

/** What an instruction takes from the context. */
function sources(instruction: Instruction): string[] {
  if (instruction.kind === 'copy' || instruction.kind === 'add') {
    if (instruction.options.from !== undefined) return [];
    return instruction.sources.filter((source) => !isRemote(source) && !isRepository(source) && !parseHeredoc(source));
  }
  if (instruction.kind === 'run')
    return instruction.mounts.flatMap(({ type, options }) =>
      type === 'bind' && options.from === undefined ? [options.source ?? ''] : [],
    );
  return [];
}
