// Loads one project and prints what came out, how long it took and the most memory the process held. Run as a program:
//   node test/support/load-measured.ts DIRECTORY [FILE]
import { messageOf } from '../../src/errors.ts';
import { loadProject } from '../../src/spec/load.ts';

const [cwd = '.', file] = process.argv.slice(2);
const start = performance.now();
let message: string;
try {
  const { project } = await loadProject({
    cwd,
    env: {},
    files: file === undefined ? [] : [file],
    envFiles: [],
    profiles: [],
    projectName: 'hostile',
    projectDirectory: cwd,
  });
  message = `loaded: ${Object.keys(project.services).join(', ')}`;
} catch (error) {
  message = messageOf(error);
}
const milliseconds = performance.now() - start;
process.stdout.write(
  JSON.stringify({ message: message.slice(0, 2000), milliseconds, maxRssKb: process.resourceUsage().maxRSS }),
);
