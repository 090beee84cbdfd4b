// The process's entry, and the only place that ends the process. The launcher that the build puts before it sets up the
// compile cache, which has to be there before this file is read.
import { runMain } from './cli/run-main.ts';

process.exit(await runMain(process.argv.slice(2), (code) => process.exit(code)));
