// `npm run bench:watch`: see bench/watch.ts.
import { runUnderProjectNode } from './bootstrap.mjs';

runUnderProjectNode('../bench/watch.ts');
