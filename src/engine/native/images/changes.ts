// `--change` of import and commit: Dockerfile instructions that only touch an image's configuration. Pure.
import { type ConfigState, configStep, workdirOf } from '../builder/config-step.ts';
import type { Instruction } from '../builder/dockerfile/instructions.ts';
import { lex } from '../builder/dockerfile/lexer.ts';
import { parseTrigger } from '../builder/dockerfile/parse.ts';
import { expandInstruction } from '../builder/expand-instruction.ts';
import { badRequest } from '../server/api-error.ts';
import type { RunConfig } from './image-config.ts';

const ALLOWED = new Set(
  'CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR'.split(' '),
);

/** The configuration with the instructions applied in order. Later ones see what ENV has set. */
export function applyChanges(config: RunConfig, changes: readonly string[]): RunConfig {
  const text = changes.filter((change) => change.trim() !== '').join('\n');
  if (text === '') return config;
  const start: ConfigState = { config, author: '', commandSet: false };
  return lex(text).lines.reduce((state, line) => applyChange(state, line.text.trim()), start).config;
}

function applyChange(state: ConfigState, line: string): ConfigState {
  const word = /^\S+/.exec(line)?.[0].toUpperCase() ?? '';
  if (!ALLOWED.has(word)) throw badRequest(`${word} is not a valid change command`);
  const variables = new Map((state.config.Env ?? []).map(assignment));
  const instruction: Instruction = expandInstruction(parseTrigger(line), { variables, escapeToken: '\\' });
  switch (instruction.kind) {
    case 'workdir': {
      const WorkingDir = workdirOf(state.config.WorkingDir ?? '', instruction.value);
      return { ...state, config: { ...state.config, WorkingDir } };
    }
    case 'run':
    case 'copy':
    case 'add':
      return state;
    default:
      return configStep(state, instruction).state;
  }
}

function assignment(text: string): [string, string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}
