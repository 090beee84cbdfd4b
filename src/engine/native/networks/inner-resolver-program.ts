// A perl process with sockets at 127.0.0.11 inside network namespaces, which Node.js cannot make: for containers that no bridge
// connects with the host (macvlan, ipvlan). It knows nothing of names: questions go out as lines, answers come in as lines.
//
//   in:   open KEY PATH      close KEY      tell TOKEN HEX
//   out:  opened KEY UDP-PORT TCP-PORT      failed KEY REASON      ask TOKEN KEY udp|tcp HEX
//
// Fields are separated by tabs. It ends with its standard input; then the sockets are gone and the namespaces are free.

import { systemCalls } from '../kernel-helper.ts';

/** The program, for Node's name of an architecture; undefined where the call's number is not known. */
export function innerResolverProgram(architecture: string): string | undefined {
  const calls = systemCalls(architecture);
  return calls === undefined ? undefined : `my %call = (${calls});\n${PROGRAM}`;
}

/** Seconds without a word after which a TCP client is let go, and how many there may be at once. */
const TCP_IDLE_S = 10;
const TCP_CLIENTS = 256;

const PROGRAM = String.raw`
use strict; use warnings; use Socket;
$| = 1; $0 = 'windlass-inner-resolver'; $SIG{PIPE} = 'IGNORE';
my $address = inet_aton('127.0.0.11');
my (%sockets, %clients, %served, $serial);
sub say_line { print join("\t", @_), "\n" }
sub sockets_here {
  my ($udp, $tcp);
  socket($udp, AF_INET, SOCK_DGRAM, 0) && bind($udp, sockaddr_in(0, $address)) or die "udp: $!\n";
  socket($tcp, AF_INET, SOCK_STREAM, 0) && bind($tcp, sockaddr_in(0, $address)) && listen($tcp, 64) or die "tcp: $!\n";
  ($udp, $tcp) }
sub opened { my ($key, $path) = @_;
  closed($key);
  open(my $own, '<', '/proc/self/ns/net') or return say_line('failed', $key, "own namespace: $!");
  open(my $there, '<', $path) or return say_line('failed', $key, "$path: $!");
  syscall($call{setns}, fileno($there), 0x40000000) == 0 or return say_line('failed', $key, "$path: $!");
  my @made = eval { sockets_here() }; my $error = $@;
  syscall($call{setns}, fileno($own), 0x40000000) == 0 or die "cannot return: $!\n";
  unless (@made) { chomp $error; return say_line('failed', $key, $error) }
  my ($udp, $tcp) = @made;
  $served{$key} = [map { fileno $_ } @made];
  $sockets{fileno $udp} = ['udp', $key, $udp]; $sockets{fileno $tcp} = ['listen', $key, $tcp];
  say_line('opened', $key, map { (sockaddr_in(getsockname $_))[0] } @made) }
sub closed { my ($key) = @_;
  delete $sockets{$_} for @{delete $served{$key} || []};
  delete $clients{$_} for grep { $clients{$_}{key} eq $key } keys %clients }
sub heard { my ($kind, $key, $socket) = @_;
  if ($kind eq 'udp') {
    my $from = recv($socket, my $message, 4096, 0); return unless defined $from;
    return say_line('ask', join('.', 'u', fileno $socket, unpack('H*', $from)), $key, 'udp', unpack('H*', $message)) }
  my $from = accept(my $client, $socket) or return;
  return if keys %clients >= ${TCP_CLIENTS};
  $client->blocking(0);
  $clients{fileno $client} = { key => $key, handle => $client, text => '', since => time, serial => ++$serial } }
sub read_client { my ($fd) = @_; my $c = $clients{$fd};
  my $got = sysread($c->{handle}, $c->{text}, 65536, length $c->{text});
  return delete $clients{$fd} unless $got;
  $c->{since} = time;
  while (length $c->{text} >= 2 && length $c->{text} >= 2 + unpack('n', $c->{text})) {
    my $message = substr($c->{text}, 2, unpack('n', $c->{text}));
    substr($c->{text}, 0, 2 + length $message) = '';
    say_line('ask', join('.', 't', $fd, $c->{serial}), $c->{key}, 'tcp', unpack('H*', $message)) } }
sub told { my ($token, $hex) = @_;
  my ($kind, $fd, $rest) = split /\./, $token; my $message = pack('H*', $hex);
  if ($kind eq 'u') { my $s = $sockets{$fd}; send($s->[2], $message, 0, pack('H*', $rest)) if $s; return }
  my $c = $clients{$fd}; return unless $c && $c->{serial} == $rest;
  # Who does not read what it asked for is let go, rather than waited for.
  my $all = pack('n', length $message) . $message;
  delete $clients{$fd} unless (syswrite($c->{handle}, $all) || 0) == length $all }
my %verb = (open => \&opened, close => \&closed, tell => \&told);
my $input = '';
while (1) {
  my $files = ''; vec($files, $_, 1) = 1 for 0, keys %sockets, keys %clients;
  next if select(my $ready = $files, undef, undef, %clients ? 1 : undef) < 0;
  if (vec($ready, 0, 1)) {
    sysread(STDIN, $input, 65536, length $input) or last;
    while ($input =~ s/^([^\n]*)\n//) { my ($name, @fields) = split /\t/, $1; ($verb{$name} || next)->(@fields) } }
  for (keys %sockets) { heard(@{$sockets{$_}}) if vec($ready, $_, 1) && $sockets{$_} }
  for (keys %clients) { read_client($_) if vec($ready, $_, 1) && $clients{$_} }
  for (keys %clients) { delete $clients{$_} if time - $clients{$_}{since} > ${TCP_IDLE_S} }
}
`;
