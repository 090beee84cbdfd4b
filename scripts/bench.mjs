// `npm run bench`: see bench/bench.ts.
import { runUnderProjectNode } from './bootstrap.mjs';

runUnderProjectNode('../bench/bench.ts');
