// Whether a model obeys schemas/compose.json. From source the schema is compiled on first use; the build puts code compiled
// ahead of time in this module's place (scripts/build/compiled-schema.ts), so that no command waits for it.
import { Ajv } from 'ajv';
import schema from '../../schemas/compose.json' with { type: 'json' };
import { AJV_OPTIONS } from './schema-options.ts';

let compiled: ((model: unknown) => boolean) | undefined;

export function obeysSchema(model: unknown): boolean {
  compiled ??= new Ajv(AJV_OPTIONS).compile(schema) as (model: unknown) => boolean;
  return compiled(model);
}
