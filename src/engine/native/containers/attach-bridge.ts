// Standard input of a running container. The monitor takes it on a packet socket (SOCK_SEQPACKET), which Node.js cannot
// open: a small perl process carries the bytes over. Output does not come this way: it is read from the log.
import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { NativeHost } from '../host.ts';

/** Packets of at most 8 KiB: the monitor reads so much at a time. Its socket is `attach` in the bundle's folder. */
const PROGRAM = `
use strict; use Socket;
my ($folder) = @ARGV;
chdir $folder or die "chdir $folder: $!";
socket(my $s, AF_UNIX, SOCK_SEQPACKET, 0) or die "socket: $!";
connect($s, pack_sockaddr_un('attach')) or die "connect: $!";
if (my $reader = fork) {
  while (sysread(STDIN, my $data, 8192)) { defined syswrite($s, $data) or last }
  shutdown($s, 1);
  kill 'TERM', $reader;
} else {
  while (sysread($s, my $ignored, 65536)) {}
}
`;

export interface StdinBridge {
  readonly input: Writable;
  /** Ends the bridge; with `StdinOnce` the container then sees the end of its input. */
  close(): void;
}

export function openStdin(host: NativeHost, bundle: string): StdinBridge {
  const child: ChildProcess = host.start('perl', ['-e', PROGRAM, bundle], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  const input = child.stdin;
  if (!input) throw new Error('the input bridge was started without a standard input');
  input.on('error', () => {
    // The container has ended: what is typed now goes nowhere.
  });
  child.on('error', () => input.destroy());
  return { input, close: () => input.end() };
}
