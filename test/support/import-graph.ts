// Who imports whom in src/, by a scan of the import and export statements that TypeScript source can have.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Import {
  /** Path of the importing file, from src/. */
  readonly from: string;
  /** Path of the imported file from src/, or the name of a package or Node module. */
  readonly to: string;
  readonly kind: 'file' | 'package' | 'node';
}

const SRC = fileURLToPath(new URL('../../src', import.meta.url));
/** `… from 'x'`, `import 'x'`, `import('x')`, `require('x')`. */
const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])([\w@./:-]+)\1/g;

/** Comments out, so that an example in one is not an arrow. Strings that look like comments do not occur before an import. */
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

/** The imports of one file's text. `file` is its path from src/. */
export function importsOf(file: string, text: string): Import[] {
  return [...withoutComments(text).matchAll(SPECIFIER)].map(([, , specifier = '']) => {
    if (specifier.startsWith('.'))
      return { from: file, to: relative(SRC, resolve(SRC, dirname(file), specifier)), kind: 'file' };
    if (specifier.startsWith('node:')) return { from: file, to: specifier, kind: 'node' };
    const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
    return { from: file, to: name, kind: 'package' };
  });
}

/** Every import in src/, sorted by file. */
export function importGraph(): Import[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) => importsOf(file, readFileSync(join(SRC, file), 'utf8')));
}
