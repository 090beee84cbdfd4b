// One stage from its base to its last instruction: each step is told, found in the cache or carried out, and remembered.
import type { ImageLayer } from '../images/store.ts';
import { timestamp } from '../names.ts';
import type { BuildArgs } from './build-args.ts';
import type { BuildFacts, FileStep, StepFacts } from './build-facts.ts';
import { cacheKey } from './cache.ts';
import { layerOfOther } from './cache-from.ts';
import { configStep, shellOf, workdirOf } from './config-step.ts';
import type { Instruction, InstructionOf, Stage } from './dockerfile/instructions.ts';
import { parseTrigger } from './dockerfile/parse.ts';
import { expandInstruction } from './expand-instruction.ts';
import type { BuildOutput } from './output.ts';
import { afterStep, type StageState } from './stage-state.ts';
import { copyStep } from './steps/copy-step.ts';
import { runStep } from './steps/run-step.ts';
import { workdirStep } from './steps/workdir-step.ts';

export interface StageFacts {
  readonly build: BuildFacts;
  readonly stage: Stage;
  readonly args: BuildArgs;
  readonly output: BuildOutput;
  /** Nothing of the cache is used. */
  readonly anew: boolean;
  readonly escapeToken: '\\' | '`';
}

/** Carries out a stage on top of its base. */
export async function buildStage(facts: StageFacts, base: StageState): Promise<StageState> {
  const { output, stage } = facts;
  let state = base;
  facts.build.layers.hold(base.chain);
  const triggers = base.config.OnBuild ?? [];
  if (triggers.length > 0) {
    output.note(`# Executing ${triggers.length} build trigger${triggers.length > 1 ? 's' : ''}\n`);
    state = { ...state, config: { ...state.config, OnBuild: null }, image: undefined };
    for (const trigger of triggers) {
      output.step({ text: `ONBUILD ${trigger}`, kind: 'trigger' });
      state = await carryOut(facts, state, parseTrigger(trigger));
    }
  }
  output.note(` ---> ${shortId(state)}\n`);
  for (const instruction of stage.instructions) {
    output.step(instruction);
    state = await carryOut(facts, state, instruction);
    output.note(` ---> ${shortId(state)}\n`);
  }
  return state;
}

const shortId = (state: StageState): string => state.stepKey.slice(0, 12);

async function carryOut(facts: StageFacts, state: StageState, written: Instruction): Promise<StageState> {
  const { build, stage, args, output, escapeToken } = facts;
  build.signal.throwIfAborted();
  const instruction = expandInstruction(written, { variables: args.variables(state.config.Env ?? []), escapeToken });
  const step: StepFacts = { build, stage, state, instruction, output };
  switch (instruction.kind) {
    case 'run':
      return fileStep(facts, state, await runStep({ ...step, instruction }, args), instruction.text);
    case 'copy':
    case 'add':
      return fileStep(facts, state, await copyStep({ ...step, instruction }), instruction.text);
    case 'workdir':
      return workdir(facts, state, instruction);
    default: {
      if (instruction.kind === 'arg') for (const { key, value } of instruction.args) args.declare(key, value);
      const { state: config, comment } = configStep(state, instruction);
      // SHELL itself is told with the new one, as Docker does.
      const createdBy = `${shellOf(config.config).join(' ')} ${comment}`;
      const stepKey = cacheKey('step', state.stepKey, createdBy);
      const known = facts.anew ? undefined : build.cache.get(stepKey);
      if (known) output.cached();
      const created = known?.created ?? timestamp();
      if (!known) build.cache.put(stepKey, { created, text: instruction.text, layer: undefined });
      return afterStep(state, config, { createdBy, created, layer: undefined, stepKey });
    }
  }
}

function workdir(facts: StageFacts, state: StageState, instruction: InstructionOf<'workdir'>): Promise<StageState> {
  const { build, stage, output } = facts;
  const folder = workdirOf(state.config.WorkingDir ?? '', instruction.value);
  const step = workdirStep({ build, stage, state, instruction, output }, folder);
  const moved = { ...state, config: { ...state.config, WorkingDir: folder } };
  return fileStep(facts, moved, step, instruction.text);
}

/** A step that may make a layer: from the cache, from an image that the client named, or carried out. */
async function fileStep(facts: StageFacts, state: StageState, step: FileStep, text: string): Promise<StageState> {
  const { build, output } = facts;
  const found = facts.anew ? undefined : await findLayer(facts, state, step);
  if (found) output.cached();
  const layer = found ? found.layer : await step.make();
  if (layer) build.layers.hold([layer]);
  const created = found?.created ?? timestamp();
  // At once, so that nothing takes the new layer for unused.
  if (!found?.known) build.cache.put(step.key, { layer, created, text });
  const stepKey = cacheKey('step', state.stepKey, step.createdBy, layer?.diffId ?? '');
  return afterStep(state, state, { createdBy: step.createdBy, created, layer, stepKey });
}

interface FoundLayer {
  readonly layer: ImageLayer | undefined;
  readonly created: string;
  /** It is in the cache already. */
  readonly known: boolean;
}

async function findLayer({ build }: StageFacts, state: StageState, step: FileStep): Promise<FoundLayer | undefined> {
  // Held before the look: what is there then stays.
  const hold = (layer: ImageLayer): void => build.layers.hold([layer]);
  const entry = await build.cache.find(step.key, hold);
  if (entry && (!entry.layer || (await build.images.hasBlob(entry.layer.blob))))
    return { layer: entry.layer, created: entry.created, known: true };
  const other = layerOfOther(build, state, step.createdBy);
  if (!other) return undefined;
  const { layer, created } = other;
  if (layer) hold(layer);
  return !layer || (await other.image.fetch(layer)) ? { layer, created, known: false } : undefined;
}
