// `npm test`: see test.ts.
import { runUnderProjectNode } from './bootstrap.mjs';

runUnderProjectNode('test.ts');
