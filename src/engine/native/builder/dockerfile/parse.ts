// A Dockerfile → stages of instructions, or an error that names its line. Pure.
import { DockerfileError } from './dockerfile-error.ts';
import type { Dockerfile, Instruction, InstructionOf, Stage } from './instructions.ts';
import { type LogicalLine, lex } from './lexer.ts';
import { parseInstruction } from './parse-instruction.ts';
import { type EscapeToken, splitFlags } from './words.ts';

/** More than any real file; each stage and instruction costs memory and a step. */
const MAX_STAGES = 500;
const STAGE_NAME = /^[a-z][a-z0-9-_.]*$/;

export function parseDockerfile(source: string): Dockerfile {
  const { lines, escapeToken, warnings } = lex(source);
  const globals: InstructionOf<'arg'>[] = [];
  const stages: (Stage & { readonly instructions: Instruction[] })[] = [];
  for (const line of lines) {
    if (wordOf(line) === 'FROM') {
      if (stages.length >= MAX_STAGES) throw new DockerfileError(line.line, `more than ${MAX_STAGES} stages`);
      const stage = parseFrom(line, stages.length, escapeToken);
      if (stage.name !== undefined && stages.some(({ name }) => name === stage.name))
        throw new DockerfileError(line.line, `${stage.name} stage name already used`);
      stages.push({ ...stage, instructions: [] });
      continue;
    }
    const instruction = parseInstruction(line, escapeToken);
    const stage = stages.at(-1);
    if (stage) stage.instructions.push(instruction);
    else if (instruction.kind === 'arg') globals.push(instruction);
    else throw new DockerfileError(line.line, `no build stage in current context: ${wordOf(line)} before FROM`);
  }
  if (stages.length === 0) throw new DockerfileError(lines.at(-1)?.line ?? 1, 'no build stage: FROM is missing');
  return { globals, stages, escapeToken, warnings };
}

/** A single instruction that stands outside a file: an ONBUILD trigger, a `--change`. */
export function parseTrigger(text: string): Instruction {
  const { lines, escapeToken } = lex(text);
  const [line, ...more] = lines;
  if (line === undefined || more.length > 0) throw new DockerfileError(1, 'a trigger must be a single instruction');
  return parseInstruction(line, escapeToken);
}

const wordOf = (line: LogicalLine): string => /^\s*(\S+)/.exec(line.text)?.[1]?.toUpperCase() ?? '';

function parseFrom(line: LogicalLine, index: number, escapeToken: EscapeToken): Omit<Stage, 'instructions'> {
  const { flags, rest } = splitFlags(line.text.trimStart().slice('FROM'.length), escapeToken);
  for (const { name } of flags)
    if (name !== 'platform') throw new DockerfileError(line.line, `unknown flag: --${name}`);
  const words = rest.split(/\s+/).filter((word) => word !== '');
  const [base = '', as = '', name] = words;
  const fits = words.length === 1 || (words.length === 3 && as.toUpperCase() === 'AS');
  if (!fits) throw new DockerfileError(line.line, 'FROM requires either one or three arguments');
  if (name !== undefined && !STAGE_NAME.test(name.toLowerCase()))
    throw new DockerfileError(
      line.line,
      `invalid name for build stage: "${name}", name can't start with a number or contain symbols`,
    );
  return {
    line: line.line,
    text: line.text.trim(),
    index,
    name: name?.toLowerCase(),
    base,
    platform: flags[0]?.value,
  };
}
