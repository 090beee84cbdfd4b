// `npm run demo`: see demo.ts.
import { runUnderProjectNode } from './bootstrap.mjs';

runUnderProjectNode('demo.ts');
