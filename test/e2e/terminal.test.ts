// run, exec and attach in a real terminal: size, raw mode, detach keys, and the terminal as it was afterwards.
import { expect, test } from 'vitest';
import { eventually, scenario } from '../support/scenario.ts';
import { terminal, windlassWords } from '../support/terminal.ts';

const STACK = `
services:
  app:
    image: busybox:latest
    command: ["sh", "-c", "while true; do sleep 0.1; done"]
  shell:
    image: busybox:latest
    tty: true
    stdin_open: true
    command: sh
`;
const CTRL_C = '\x03';
const DETACH = '\x10\x11';
/** Afterwards the terminal has to echo and to cook lines, as before. */
const STATUS =
  'echo "status=$?"; stty -a | tr " ;" "\\n\\n" | grep -x -e icanon -e -icanon -e echo -e -echo | tr "\\n" " "; echo over';

async function stack() {
  const s = await scenario({ files: { 'compose.yaml': STACK } });
  await s.windlass(['up', '-d']);
  return s;
}

test('exec has a terminal of the right size, follows changes of size, and passes keys as they are', async () => {
  const s = await stack();
  const t = terminal(s, `${windlassWords()} exec app sh; ${STATUS}`);
  await t.shows('/ #');
  t.type('tty; echo "in $((40 + 2))"\r');
  await t.shows(/\/dev\/pts\/\d+[\s\S]*in 42/);
  await eventually('the size is ours', async () => {
    t.type('stty size\r');
    return /\b40 100\b/.test(t.screen());
  });
  // Ctrl-C is a key for the shell inside, not the end of windlass.
  t.type(`sleep 100\r`);
  // One carriage return: nothing is added to what the container's terminal writes.
  await t.shows(/sleep 100\r\n/);
  // Until it runs, the key would go to the shell, which does not mind it.
  await eventually('sleep runs', async () =>
    (await s.docker(['top', `${s.project}-app-1`])).stdout.includes('sleep 100'),
  );
  t.type(CTRL_C);
  t.type('echo "still $((1 + 1))"\r');
  await t.shows('still 2');
  t.type('exit 6\r');
  await t.shows('over');
  expect(t.screen()).toMatch(/status=6\r?\n *icanon echo *over/);
  t.kill();
});

test('a change of size reaches the process', async () => {
  const s = await stack();
  const t = terminal(
    s,
    `mkfifo fifo; TTY=$(tty); (read go < fifo; stty -F "$TTY" cols 77 rows 33) & ` +
      `${windlassWords()} exec app sh -c 'trap "stty size" WINCH; echo ready; while true; do sleep 0.1; done'`,
  );
  await t.shows('ready');
  await s.command('sh', ['-c', 'echo go > fifo']);
  await t.shows('33 77');
  t.kill();
});

test('the detach keys give the terminal back and leave the process running', async () => {
  const s = await stack();
  const t = terminal(s, `${windlassWords()} exec app sh -c 'echo ready; touch /alive; sleep 50'; ${STATUS}`);
  await t.shows('ready');
  t.type(DETACH);
  await t.shows('over');
  expect(t.screen()).toMatch(/status=0\r?\n *icanon echo *over/);
  expect((await s.docker(['top', `${s.project}-app-1`])).stdout).toContain('sleep 50');
  t.kill();
});

test('run -it style: a terminal by default, its exit code, the container gone with --rm', async () => {
  const s = await stack();
  const t = terminal(s, `${windlassWords()} run --rm app sh; ${STATUS}`);
  await t.shows('/ #');
  t.type('tty && stty size\r');
  await t.shows(/\/dev\/pts\/\d+/);
  t.type('exit 3\r');
  await t.shows('over');
  expect(t.screen()).toMatch(/status=3\r?\n *icanon echo *over/);
  expect((await s.containers()).map(({ Name }) => Name)).toEqual([`/${s.project}-app-1`, `/${s.project}-shell-1`]);
  t.kill();
});

test('attach to a terminal shows a prompt, obeys its own detach keys, and leaves the container running', async () => {
  const s = await stack();
  const t = terminal(s, `${windlassWords()} attach --detach-keys ctrl-x,d shell; ${STATUS}`);
  await t.shows('/ #');
  t.type('echo "from $((6 * 7))"\r');
  await t.shows('from 42');
  t.type('\x18d');
  await t.shows('over');
  expect(t.screen()).toMatch(/status=0\r?\n *icanon echo *over/);
  expect(await s.states()).toEqual({ 'app-1': 'running', 'shell-1': 'running' });
  t.kill();
});

test('a killed exec leaves the terminal cooked', async () => {
  const s = await stack();
  const t = terminal(
    s,
    `sh -c 'echo $$ > pid; exec ${windlassWords()} exec app sh -c "echo ready; sleep 50"'; ${STATUS}`,
  );
  await t.shows('ready');
  await s.command('sh', ['-c', 'kill -TERM $(cat pid)']);
  await t.shows('over');
  expect(t.screen()).toMatch(/status=130\r?\n *icanon echo *over/);
  t.kill();
});
