// Variables in an instruction: which parts of which instruction are expanded, before it is carried out. Pure.
import { DockerfileError } from './dockerfile/dockerfile-error.ts';
import { type ExpandFacts, expandWord, expandWords } from './dockerfile/expand.ts';
import type { Instruction, RunMount } from './dockerfile/instructions.ts';

/** The instruction with its words expanded; commands, health checks, shells and triggers stay as they are written. */
export function expandInstruction(instruction: Instruction, facts: ExpandFacts): Instruction {
  const word = (text: string): string => located(instruction.line, () => expandWord(text, facts));
  const words = (texts: readonly string[]): string[] => texts.map(word);
  const optional = (text: string | undefined): string | undefined => (text === undefined ? undefined : word(text));
  switch (instruction.kind) {
    case 'arg': {
      // Later arguments of the line see the earlier ones' defaults only through the stage, as in BuildKit's order.
      return {
        ...instruction,
        args: instruction.args.map(({ key, value }) => ({ key: word(key), value: optional(value) })),
      };
    }
    case 'env':
    case 'label':
      return {
        ...instruction,
        pairs: instruction.pairs.map(({ key, value }) => ({ key: word(key), value: word(value) })),
      };
    case 'copy':
    case 'add': {
      const { options } = instruction;
      return {
        ...instruction,
        sources: words(instruction.sources),
        destination: word(instruction.destination),
        options: {
          ...options,
          from: optional(options.from),
          chown: optional(options.chown),
          chmod: optional(options.chmod),
          checksum: optional(options.checksum),
          exclude: words(options.exclude),
        },
        heredocs: instruction.heredocs.map((document) =>
          document.expand ? { ...document, content: heredocText(instruction.line, document.content, facts) } : document,
        ),
      };
    }
    case 'run':
      return { ...instruction, mounts: instruction.mounts.map((mount) => expandMount(mount, word)) };
    case 'volume':
      return { ...instruction, words: words(instruction.words) };
    case 'expose':
      return {
        ...instruction,
        words: instruction.words.flatMap((text) => located(instruction.line, () => expandWords(text, facts))),
      };
    case 'user':
    case 'workdir':
    case 'stopsignal':
    case 'maintainer':
      return { ...instruction, value: word(instruction.value) };
    default:
      return instruction;
  }
}

const expandMount = (mount: RunMount, word: (text: string) => string): RunMount => ({
  ...mount,
  options: Object.fromEntries(Object.entries(mount.options).map(([key, value]) => [key, word(value)])),
});

/** In a document quotes are text like any other. */
const heredocText = (line: number, content: string, facts: ExpandFacts): string =>
  located(line, () =>
    expandWord(
      content.replace(/['"]/g, (quote) => facts.escapeToken + quote),
      facts,
    ),
  );

function located<T>(line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new DockerfileError(line, `failed to process: ${error instanceof Error ? error.message : String(error)}`);
  }
}
