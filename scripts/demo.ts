// `npm run demo`: WordPress (mariadb → wordpress → nginx) up with windlass, installed over HTTP, left running.
//   npm run demo                     bring it up
//   npm run demo -- --stop           take everything away again, its data too
//   npm run demo -- ps | logs -f …   any windlass command on it
// Interrupted or failed, it takes away what it made.
import { mkdir } from 'node:fs/promises';
import { type Ground, prepareEngine, prepareSettings, readGround, STATE, takeAway, windlass } from './demo/ground.ts';
import { provideImages } from './demo/images.ts';
import { bold, dim, fail, heading, link, say, step } from './demo/terminal.ts';
import { systemPath } from './ground/debian-packages.ts';
import { frontPage, installSite } from './ground/wordpress-site.ts';

const TITLE = 'Hoisted by windlass';

/** Brings the site up on an engine that is ready. */
async function raise(ground: Ground): Promise<void> {
  await step('Images', (note) => provideImages(ground, note));
  await step('Settings', () => prepareSettings(ground));
  say(`\n${dim('$ windlass up --detach --wait')}`);
  const status = await windlass(ground, ['up', '--detach', '--wait']);
  if (status !== 0) throw new Error(`windlass up exited ${status}`);
  say();
  await step('Site', async () => {
    await frontPage(ground.site);
    await installSite(ground.site, TITLE, { user: ground.user, password: ground.adminPassword });
    const title = /<title>([^<]*)/.exec(await frontPage(ground.site))?.[1];
    if (title !== TITLE) throw new Error(`the front page says "${title}", not "${TITLE}"`);
    return 'WordPress is installed and answers';
  });
}

function tell(ground: Ground): void {
  const line = (what: string, text: string): void => say(`  ${bold(what.padEnd(9))} ${text}`);
  heading('WordPress is up');
  line('Open', link(`${ground.site}/`));
  line(
    'Log in',
    `${link(`${ground.site}/wp-login.php`)}   user ${bold(ground.user)}, password in ${STATE}/admin-password`,
  );
  say();
  line('Look', 'npm run demo -- ps        the containers, their health and ports');
  line('', 'npm run demo -- logs -f   what they say');
  line('', 'npm run demo -- config    what the Compose file comes to');
  line('Stop', 'npm run demo -- --stop    containers, volumes and networks go, and the engine if the demo started it');
  say();
}

async function up(): Promise<void> {
  heading('windlass demo: WordPress (mariadb → wordpress → nginx)');
  await mkdir(STATE, { recursive: true });
  let ground: Ground | undefined;
  let ended = false;
  const undo = async (status: number): Promise<void> => {
    if (ended) return;
    ended = true;
    say(dim('\ntaking away what was made …'));
    await takeAway(ground ?? (await readGround()), { quiet: true }).catch((error: Error) => fail(error));
    process.exit(status);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void undo(130));
  try {
    ground = await prepareEngine();
    await raise(ground);
  } catch (error) {
    if (ended) return;
    fail(error);
    await undo(1);
    return;
  }
  tell(ground);
}

async function stop(): Promise<void> {
  const ground = await readGround();
  if (ground === undefined) {
    say('The demo is not running: nothing to take away.');
    return;
  }
  heading('windlass demo: taking everything away');
  await takeAway(ground, { quiet: false });
  say('Gone: containers, volumes, networks, settings.');
  say(dim('Kept for the next time: images, in the engine that the demo started and in ~/.cache/windlass/images.'));
}

async function pass(args: readonly string[]): Promise<void> {
  const ground = await readGround();
  if (ground === undefined) {
    fail(new Error('the demo is not running\n  hint: start it with "npm run demo"'));
    process.exitCode = 1;
    return;
  }
  process.on('SIGINT', () => undefined);
  process.exitCode = await windlass(ground, args);
}

process.env.PATH = systemPath(process.env.PATH);
const words = process.argv.slice(2);
if (words[0] === '--stop') await stop();
else if (words.length > 0) await pass(words);
else await up();
