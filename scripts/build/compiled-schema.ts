// Compiles schemas/compose.json ahead of time: puts ajv's stand-alone code in the place of src/spec/schema-validator.ts, so that
// neither ajv nor a compilation is on the way of a command.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import standaloneModule from 'ajv/dist/standalone/index.js';
import type { Plugin } from 'esbuild';
import { AJV_OPTIONS } from '../../src/spec/schema-options.ts';

const SCHEMA = fileURLToPath(new URL('../../schemas/compose.json', import.meta.url));
// A CommonJS module: its default export is the whole of it.
const standaloneCode = standaloneModule.default;

/** The validator as CommonJS: ajv requires a helper of its own in it, which only that form can. */
async function validatorCode(): Promise<string> {
  const ajv = new Ajv({ ...AJV_OPTIONS, code: { source: true, optimize: 2 } });
  const validate = ajv.compile(JSON.parse(await readFile(SCHEMA, 'utf8')));
  return `${standaloneCode(ajv, validate)}\nexports.obeysSchema = (model) => module.exports(model);`;
}

/** esbuild plugin that replaces the validator module. */
export function compiledSchema(): Plugin {
  return {
    name: 'compiled-schema',
    setup(build) {
      build.onLoad({ filter: /[\\/]src[\\/]spec[\\/]schema-validator\.ts$/ }, async () => ({
        contents: await validatorCode(),
        loader: 'js',
        watchFiles: [SCHEMA],
      }));
    },
  };
}
