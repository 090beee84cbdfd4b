// The Compose Specification's JSON schema, applied to a located tree (the validator and its messages are being filled in here).
import type { Problems } from './problems.ts';
import type { Mapping } from './tree.ts';

/** Reports everything in the model that the schema does not allow. */
export function validateModel(_model: Mapping, _problems: Problems): void {}
