// Which stages a build needs, and what each waits for. Pure.

import { badRequest } from '../server/api-error.ts';
import type { Dockerfile, Instruction, Stage } from './dockerfile/instructions.ts';

/** The stage that a name or a number means, among those before `before`. */
export function findStage(stages: readonly Stage[], reference: string, before: number): Stage | undefined {
  const name = reference.toLowerCase();
  const named = stages.slice(0, before).find((stage) => stage.name === name);
  if (named) return named;
  return /^\d+$/.test(reference) ? stages.slice(0, before)[Number(reference)] : undefined;
}

/** The stage that FROM means. A number there is the name of an image. */
export const baseStage = (stages: readonly Stage[], base: string, before: number): Stage | undefined =>
  /^\d+$/.test(base) ? undefined : findStage(stages, base, before);

/** The target's stage: by name, by number, or the last. */
export function targetStage(dockerfile: Dockerfile, target: string): Stage {
  const { stages } = dockerfile;
  const found = target === '' ? stages.at(-1) : findStage(stages, target, stages.length);
  if (!found) throw badRequest(`target stage ${JSON.stringify(target)} could not be found`);
  return found;
}

/** Names of stages or images that an instruction takes files from. */
function sourcesOf(instruction: Instruction): string[] {
  if (instruction.kind === 'copy') return instruction.options.from === undefined ? [] : [instruction.options.from];
  if (instruction.kind === 'run') return instruction.mounts.flatMap(({ options }) => options.from ?? []);
  return [];
}

/**
 * The target and every stage it is made from, in the order of the file. `baseOf` gives a stage's base with its variables
 * expanded. Triggers of base images may call for more; those are started when they are met.
 */
export function neededStages(dockerfile: Dockerfile, target: Stage, baseOf: (stage: Stage) => string): Stage[] {
  const needed = new Set<Stage>();
  const todo: Stage[] = [target];
  for (let stage = todo.pop(); stage; stage = todo.pop()) {
    if (needed.has(stage)) continue;
    needed.add(stage);
    const base = baseStage(dockerfile.stages, baseOf(stage), stage.index);
    if (base) todo.push(base);
    for (const reference of stage.instructions.flatMap(sourcesOf)) {
      const other = findStage(dockerfile.stages, reference, stage.index);
      if (other) todo.push(other);
    }
  }
  return [...needed].sort((a, b) => a.index - b.index);
}
