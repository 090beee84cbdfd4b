// `npm run bench:native`: see bench/native.ts.
import { runUnderProjectNode } from './bootstrap.mjs';

runUnderProjectNode('../bench/native.ts');
