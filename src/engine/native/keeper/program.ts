// The keeper: a small process beside the engine that holds its sockets and starts it again when it was killed or crashed.
// Questions for names and calls of the API that come meanwhile wait in the sockets; the next engine answers them. A perl
// process of 6 MB does it, since another Node.js would take 45 MB.
//
//   keeper ──── lock, API socket, the resolver's two sockets
//     └─ engine    inherits all of them
//
// Exit statuses of the engine: IDLE = it has nothing to do; any other number = it ended on purpose or told why it cannot go
// on; a signal or BUG = start it again.

/** The engine ended because it was idle; the keeper starts it again if somebody connected at that very moment. */
export const EXIT_IDLE = 75;
/** The keeper ended at once: another process holds the root. */
export const EXIT_ROOT_IN_USE = 76;
/** Something is wrong with windlass itself (run-main.ts). */
const EXIT_BUG = 70;

/** How the keeper tells the engine which descriptors it has inherited: `lock=3,api=4,udp=5,tcp=6`. */
export const KEPT_VARIABLE = 'WINDLASS_KEPT';

export interface KeeperFacts {
  /** Name of the root's lock, an abstract socket. */
  readonly lock: string;
  readonly socket: string;
  /** Group that may use the socket. */
  readonly group: number;
  /** Address and usual port of the resolver. */
  readonly resolver: { readonly address: string; readonly port: number };
  /**
   * Roots of the cgroup hierarchies in which it leaves the cgroup it was started in (own-cgroup.ts); none where somebody
   * watches it there.
   */
  readonly cgroupRoots: readonly string[];
  /** Starts the engine in the foreground. */
  readonly command: readonly string[];
}

/** perl's arguments for a keeper. */
export const keeperArguments = (facts: KeeperFacts): string[] => [
  ...['-e', PROGRAM, '--'],
  ...[
    facts.lock,
    facts.socket,
    String(facts.group),
    facts.resolver.address,
    String(facts.resolver.port),
    facts.cgroupRoots.join('\n'),
  ],
  ...facts.command,
];

/**
 * A run shorter than this many seconds is followed by a pause, which doubles each time up to LONGEST: no longer than
 * containers go on asking for a name (five times, a second apart).
 */
const GOOD_RUN_S = 2;
const LONGEST_PAUSE_S = 3;

const PROGRAM = String.raw`
use strict; use warnings; use Socket;
my ($lock, $path, $group, $address, $usual, $roots, @command) = @ARGV;
$0 = 'windlass-keeper';
$^F = 65535; # the engine inherits every descriptor
sub fail { print STDERR "windlass engine: $_[0]\n"; exit 1 }
socket(my $held, AF_UNIX, SOCK_STREAM, 0) or fail("cannot make a socket: $!");
bind($held, pack_sockaddr_un("\0$lock")) && listen($held, 1) or exit ${EXIT_ROOT_IN_USE};
socket(my $probe, AF_UNIX, SOCK_STREAM, 0) or fail("cannot make a socket: $!");
connect($probe, pack_sockaddr_un($path)) and fail("something else answers on \"$path\"");
close $probe;
unlink $path;
socket(my $api, AF_UNIX, SOCK_STREAM, 0) or fail("cannot make a socket: $!");
sub enter { my ($folder) = @_; open(my $procs, '>', "$folder/cgroup.procs") or return; syswrite($procs, $$) }
my @own = map { ["$_/windlass", "$_/windlass/engine", $_] } split /\n/, $roots;
umask 0117;
bind($api, pack_sockaddr_un($path)) && listen($api, 511) or fail("cannot listen on \"$path\": $!");
umask 0022;
chown(0, $group, $path) or fail("cannot give \"$path\" to group $group: $!");
my ($udp, $tcp, $port);
for my $wanted ($usual, 0, 0, 0, 0) {
  socket($udp, AF_INET, SOCK_DGRAM, 0) && bind($udp, sockaddr_in($wanted, inet_aton($address))) or next;
  my ($chosen) = sockaddr_in(getsockname $udp);
  socket($tcp, AF_INET, SOCK_STREAM, 0) && setsockopt($tcp, SOL_SOCKET, SO_REUSEADDR, 1)
    && bind($tcp, sockaddr_in($chosen, inet_aton($address))) && listen($tcp, 128) or next;
  $port = $chosen; last;
}
defined $port or fail("cannot find a port for the resolver on $address");
$ENV{${KEPT_VARIABLE}} = sprintf 'lock=%d,api=%d,udp=%d,tcp=%d', map { fileno $_ } $held, $api, $udp, $tcp;
for (@own) { mkdir $_->[0]; mkdir $_->[1]; enter($_->[1]) }
# To systemd: from now on calls wait in the socket for the engine, so units that come after this one may make them (sd_notify(3)).
if (defined(my $notify = delete $ENV{NOTIFY_SOCKET})) {
  $notify =~ s/^\@/\0/;
  my $systemd;
  socket($systemd, AF_UNIX, SOCK_DGRAM, 0) && send($systemd, 'READY=1', 0, pack_sockaddr_un($notify));
}
my ($child, $told, $pause) = (0, 0, 0);
for my $name (qw(TERM INT HUP)) { $SIG{$name} = sub { $told = 1; kill 'TERM', $child if $child } }
# The run folder goes too where the engine has left nothing in it.
sub leave { my ($status) = @_;
  for (@own) { enter($_->[2]); rmdir $_->[1]; rmdir $_->[0] }
  my ($run) = $lock =~ /:(.*)/s; rmdir $run; exit $status }
sub called { my $set = ''; vec($set, fileno $api, 1) = 1; select($set, undef, undef, 0) > 0 }
until ($told) {
  my $began = time;
  $child = fork;
  defined $child or fail("cannot start the engine: $!");
  # A group of its own: Ctrl-C reaches the keeper alone, which tells the engine once.
  if (!$child) {
    $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
    kill 'TERM', $$ if $told; # told between the fork and here: the handler was still the keeper's
    setpgrp 0, 0; exec { $command[0] } @command; exit 127;
  }
  kill 'TERM', $child if $told;
  my $pid = $child;
  until (waitpid($pid, 0) == $pid) { last if $! != 4 } # EINTR
  my ($code, $signal) = ($? >> 8, $? & 127);
  $child = 0;
  if ($code == ${EXIT_IDLE} && !$told) {
    rename $path, "$path.closing";
    if (called()) { rename "$path.closing", $path; next }
    unlink "$path.closing";
    leave(0);
  }
  if ($told || !($signal || $code == ${EXIT_BUG})) { unlink $path; leave($signal ? 128 + $signal : $code) }
  print STDERR "windlass engine: process $pid ended by ", $signal ? "signal $signal" : "exit status $code", ": starting it again\n";
  $pause = time - $began < ${GOOD_RUN_S} ? ($pause ? $pause * 2 : 0.05) : 0;
  select(undef, undef, undef, $pause > ${LONGEST_PAUSE_S} ? ${LONGEST_PAUSE_S} : $pause) if $pause;
}
unlink $path;
leave(0);
`;
