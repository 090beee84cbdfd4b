// The process's entry, and the only place that ends the process. The launcher that the build puts before it sets up the
// compile cache, which has to be there before this file is read.
import { runMain } from './cli/run-main.ts';

// The bundle is CommonJS (scripts/build.ts), which has no top-level await.
void runMain(process.argv.slice(2), (status) => process.exit(status)).then(async (code) => {
  // A pipe takes 64 KiB at a time: what is still on its way would be lost.
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((sent) => stream.write('', sent))));
  process.exit(code);
});
