// The keeper's program, with something that merely waits in place of the engine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keeperArguments } from '../../src/engine/native/keeper/program.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-keeper-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function startKeeper(name: string, env: Readonly<Record<string, string>> = {}) {
  const socket = join(folder, `${name}.sock`);
  const args = keeperArguments({
    lock: `windlass-test:${folder}/${name}`,
    socket,
    group: process.getgid?.() ?? 0,
    resolver: { address: '127.0.0.1', port: 0 },
    cgroupRoots: [],
    command: ['/bin/sleep', '600'],
  });
  const keeper = spawn('perl', args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  return { keeper, ended: once(keeper, 'exit'), socket };
}

/** systemd's side of sd_notify(3): prints the first message. */
const LISTENER = `
use Socket; $| = 1;
my $s; socket($s, AF_UNIX, SOCK_DGRAM, 0) && bind($s, pack_sockaddr_un($ARGV[0])) or die; print "bound ";
recv($s, my $message, 100, 0); print $message`;

test.skipIf(process.getuid?.() !== 0)('systemd is told when calls are taken', async () => {
  const notify = join(folder, 'notify');
  const listener = spawn('perl', ['-e', LISTENER, notify], { stdio: ['ignore', 'pipe', 'inherit'] });
  let heard = '';
  listener.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  await once(listener.stdout, 'data');
  const { keeper, ended, socket } = startKeeper('notify', { NOTIFY_SOCKET: notify });
  await once(listener, 'close');
  expect(heard).toBe('bound READY=1');
  const client = connect(socket);
  await once(client, 'connect');
  client.destroy();
  keeper.kill('SIGTERM');
  await ended;
});
