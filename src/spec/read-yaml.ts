// A Compose file's text → its documents, located, with what `!reset` and `!override` ask for.
import { SpecError } from '../diagnostics.ts';
import type { Places } from './places.ts';
import { makeDiagnostic, Problems } from './problems.ts';
import { isMapping, kindOf, type Mapping, tagsOf } from './tree.ts';
import { Parser, type Root } from './yaml/parser.ts';
import { YamlError } from './yaml/scanner.ts';

/** Keys to remove from what a document is merged onto; true = the whole entry. */
export type Resets = Map<string, Resets | true>;

export interface SourceDocument {
  readonly root: Mapping;
  readonly resets: Resets | undefined;
}

/** Characters that YAML does not allow. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

/** Line breaks that YAML knows besides `\n`. */
const OTHER_BREAKS = /\r\n?|\u0085/g;

/** Reads all documents. Throws a SpecError where the text is not YAML or a document is no mapping. */
export function readYaml(source: string, name: string, places: Places): SourceDocument[] {
  const text = source.search(OTHER_BREAKS) < 0 ? source : source.replace(OTHER_BREAKS, '\n');
  const file = places.addFile(name, text);
  const problems = new Problems(places);
  const at = (message: string, offset: number, hint?: string): void =>
    problems.add('SPEC_YAML', message, [], places.add(file, offset, offset), { hint });
  const parser = new Parser(text, places, file);
  let roots: Root[] = [];
  try {
    const forbidden = text.search(FORBIDDEN);
    if (forbidden >= 0)
      throw new YamlError(
        'a control character is not allowed',
        forbidden,
        'remove it, or write it as an escape in double quotes',
      );
    roots = parser.documents();
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    at(error.message, error.offset, error.hint);
  }
  for (const { message, offset, hint } of parser.problems) at(message, offset, hint);
  problems.throwIfAny();
  return roots.map(({ value: root, offset }, index) => {
    if (isMapping(root)) return { root, resets: parser.sawTags ? collectResets(root) : undefined };
    const mark = places.add(file, offset, offset);
    const [message, hint] =
      root === null
        ? [`document ${index + 1} of "${name}" is empty`, 'remove the "---", or write something below it']
        : [`the top level must be a mapping, not a ${kindOf(root)}`, 'begin with "services:"'];
    throw new SpecError([makeDiagnostic('error', places, 'SPEC_TOP_LEVEL', message, mark, { hint })]);
  });
}

function collectResets(mapping: Mapping): Resets | undefined {
  const resets: Resets = new Map();
  for (const key of tagsOf(mapping)?.keys() ?? []) resets.set(key, true);
  for (const key of Object.keys(mapping)) {
    const value = mapping[key];
    // What `!override` brings is taken as it is: tags below it mean nothing.
    if (resets.has(key) || !isMapping(value)) continue;
    const inner = collectResets(value);
    if (inner) resets.set(key, inner);
  }
  return resets.size === 0 ? undefined : resets;
}
