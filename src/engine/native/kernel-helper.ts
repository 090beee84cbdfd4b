// The system calls Node.js has no door to (mount, namespaces, rtnetlink, and a fork that is cheap), made by long-lived
// perl processes: perl-base is Essential on Debian, starts in 3 ms once, and then answers in well under a millisecond, where a
// spawned mount(8) or ip(8) takes 3 to 5 ms each, and a fork of Node.js itself another 3.
// Protocol: one request a line, `id TAB verb TAB argument…`; one answer a line, `id TAB errno TAB text`, in any order. Fields
// are percent-encoded, so that no path can forge a field or a line.

/** The newer ones have one number everywhere. */
const EVERYWHERE = 'open_tree => 428, move_mount => 429, mount_setattr => 442';

/** System call numbers of the architectures windlass runs on. */
const SYSCALLS: Readonly<Record<string, string>> = {
  x64: `mount => 165, umount => 166, unshare => 272, setns => 308, setsid => 112, ${EVERYWHERE}`,
  arm64: `mount => 40, umount => 39, unshare => 97, setns => 268, setsid => 157, ${EVERYWHERE}`,
};

/** The numbers as pairs for a perl hash, for Node's name of an architecture; undefined where they are not known. */
export const systemCalls = (architecture: string): string | undefined => SYSCALLS[architecture];

/** The perl program, for Node's name of an architecture; undefined where the call numbers are not known. */
export function helperProgram(architecture: string): string | undefined {
  const calls = systemCalls(architecture);
  return calls === undefined ? undefined : `my %call = (${calls});\n${PROGRAM}`;
}

const PROGRAM = String.raw`
use strict; use warnings; use Socket;
$| = 1; $0 = 'windlass-kernel-helper'; $SIG{CHLD} = 'IGNORE'; $SIG{PIPE} = 'IGNORE';
my ($newnet, $newuser) = (0x40000000, 0x10000000);
my (%waiting, %held, $links);
sub check { my ($ok, $what) = @_; die [$! + 0, "$what: $!"] unless $ok; }
sub decode { my ($s) = @_; $s =~ s/%([0-9A-F]{2})/chr(hex $1)/ge; $s }
sub encode { my ($s) = @_; $s =~ s/([%\t\n])/sprintf('%%%02X', ord $1)/ge; $s }
sub answer { my ($id, $errno, $text) = @_; print join("\t", $id, $errno, encode($text)), "\n" }
sub mount_at { my ($source, $target, $type, $flags, $data) = @_;
  my ($s, $t, $y, $d) = ("$source", "$target", "$type", "$data");
  check(syscall($call{mount}, $s, $t, $y, 0 + $flags, $d) == 0, "mount $target"); }
# Does something in another network namespace, and comes back whatever becomes of it.
sub elsewhere { my ($enter, $work) = @_;
  open(my $own, '<', '/proc/self/ns/net') or check(0, 'open own network namespace');
  $enter->();
  my $result = eval { $work->() }; my $error = $@;
  check(syscall($call{setns}, fileno($own), $newnet) == 0, 'return to own network namespace');
  die $error if $error; $result }
sub unshare_network { check(syscall($call{unshare}, $newnet) == 0, 'unshare network namespace') }
sub loopback_up { socket(my $s, AF_INET, SOCK_DGRAM, 0) or check(0, 'socket');
  my $request = pack('a16 s x22', 'lo', 0x41);
  check(ioctl($s, 0x8914, $request), 'bring loopback up') }
# Does something in a new network namespace whose loopback is up.
sub new_network { my ($work) = @_; elsewhere(\&unshare_network, sub { loopback_up(); $work->() }) }
sub hold { my ($path) = @_; open(my $n, '<', $path) or check(0, "open $path"); $held{fileno($n)} = $n; fileno($n) }
sub put { my ($path, $text) = @_;
  open(my $file, '>', $path) or check(0, "open $path");
  defined syswrite($file, $text) or check(0, "write $path") }
# Shows $work a child in a user namespace: a new one with these maps of users and groups, or without the latter the one that the path
# in their place leads to. With $network it is in a network namespace of its own, which belongs to that user namespace.
sub beside { my ($users, $groups, $network, $work) = @_; my $new = $groups ne '';
  pipe(my $hear, my $say) && pipe(my $wait, my $go) or check(0, 'pipe');
  my $child = fork(); check(defined $child, 'fork');
  unless ($child) {
    close $hear; close $go;
    my $done = eval {
      if ($new) { check(syscall($call{unshare}, $newuser) == 0, 'unshare user namespace');
        syswrite($say, "0\n"); sysread($wait, my $turn, 1) }
      else { open(my $n, '<', $users) or check(0, "open $users");
        check(syscall($call{setns}, fileno($n), $newuser) == 0, "enter $users") }
      if ($network) { unshare_network(); loopback_up() }
      1 };
    my ($errno, $text) = $done ? (0, '') : ref $@ ? @{$@} : (5, "$@");
    syswrite($say, "$errno $text\n"); sysread($wait, my $end, 1); kill KILL => $$ }
  close $say; close $wait;
  my $heard = sub { defined(my $line = <$hear>) or die [32, 'the child in a user namespace ended']; chomp $line;
    my ($errno, $text) = split / /, $line, 2; die [$errno, $text] if $errno };
  my $result = eval {
    if ($new) { $heard->(); put("/proc/$child/uid_map", $users); put("/proc/$child/gid_map", $groups); syswrite($go, 'x') }
    $heard->(); $work->($child) };
  my $error = $@; kill KILL => $child;
  die $error if $error; $result }
# A second mount of a folder, on which the owners of files are seen through a user namespace's maps.
sub mount_mapped { my ($source, $target, $namespace) = @_;
  open(my $n, '<', $namespace) or check(0, "open $namespace");
  my ($s, $t, $here) = ("$source", "$target", '');
  my $tree = syscall($call{open_tree}, -100, $s, 02000001);
  check($tree >= 0, "clone the mount of $source");
  open(my $closed, '<&=', $tree) or check(0, 'open_tree');
  my $attributes = pack('Q4', 0x100000, 0, 0, fileno($n));
  check(syscall($call{mount_setattr}, $tree, $here, 0x1000, $attributes, length $attributes) == 0, "map the owners on $source");
  check(syscall($call{move_mount}, $tree, $here, -100, $t, 4) == 0, "mount $target") }
# A socket for rtnetlink; it belongs to the namespace it was made in.
sub link_socket { socket(my $s, 16, SOCK_RAW, 0) or check(0, 'netlink socket'); $s }
sub link_socket_in { my ($path) = @_;
  elsewhere(sub { open(my $n, '<', $path) or check(0, "open $path");
    check(syscall($call{setns}, fileno($n), $newnet) == 0, "enter $path") }, \&link_socket) }
sub index_of { my ($socket, $name) = @_;
  my $request = pack('a16 x24', $name);
  ioctl($socket, 0x8933, $request) or return 0; unpack('x16 V', $request) }
# Sends one message and returns the error number of its acknowledgement.
sub tell_kernel { my ($socket, $hex, @references) = @_;
  my $message = pack('H*', $hex); my @open;
  for (@references) { my ($offset, $kind, $name) = split / /, $_, 3; my $number;
    if ($kind eq 'interface') { $number = index_of($socket, $name) or return 19 }
    else { open(my $n, '<', $name) or return $! + 0; push @open, $n; $number = fileno($n) }
    substr($message, $offset, 4) = pack('V', $number) }
  send($socket, $message, 0) or return $! + 0;
  while (1) {
    defined recv($socket, my $reply, 65536, 0) or return $! + 0;
    my ($size, $type, $error) = unpack('V v x2 x8 l', $reply);
    return -$error if $type == 2 } }
# Removes what is below a folder, and it, on its own file system alone. Returns what is left of the number of entries that it
# may remove; below zero when there are more.
sub clear { my ($path, $left, $device) = @_;
  opendir(my $folder, $path) or ($! == 2 ? return $left : check(0, "open $path"));
  for my $name (readdir $folder) {
    next if $name eq '.' || $name eq '..';
    return -1 if --$left < 0;
    my $entry = "$path/$name"; my ($where) = lstat($entry) or next;
    if (-d _) {
      if ($where != $device) { $! = 16; check(0, "remove $entry") }
      $left = clear($entry, $left, $device);
      return $left if $left < 0;
    } else { unlink($entry) or $! == 2 or check(0, "remove $entry") } }
  rmdir($path) or $! == 2 or check(0, "remove $path");
  $left }
my %verb = (
  mount => sub { my ($directory, @rest) = @_;
    check(chdir($directory), "chdir $directory");
    my $done = eval { mount_at(@rest); 1 }; my $error = $@;
    chdir '/'; die $error unless $done; '' },
  umount => sub { my ($target, $flags) = @_; my $t = "$target";
    check(syscall($call{umount}, $t, 0 + $flags) == 0, "umount $target"); '' },
  clear => sub { my ($path, $limit) = @_;
    my ($device) = lstat($path) or return 'all'; clear($path, $limit, $device) < 0 ? 'some' : 'all' },
  write => sub { while (my ($path, $mode, $text) = splice @_, 0, 3) {
    sysopen(my $file, $path, 01 | 0100 | 01000, 0 + $mode) or check(0, "open $path");
    print $file $text; close $file or check(0, "write $path") } '' },
  rmdirs => sub { join ' ', map { rmdir($_) ? 0 : $! + 0 } @_ },
  hold => sub { new_network(sub { hold('/proc/self/ns/net') }) },
  hold_users => sub { my ($users, $groups, @kinds) = @_; my $network = grep { $_ eq 'net' } @kinds;
    beside($users, $groups, $network, sub { my ($child) = @_; join ' ', map { hold("/proc/$child/ns/$_") } @kinds }) },
  mount_mapped => sub { my ($source, $target, $users, $groups) = @_;
    beside($users, $groups, 0, sub { my ($child) = @_; mount_mapped($source, $target, "/proc/$child/ns/user"); '' }) },
  release => sub { delete @held{@_}; '' },
  # Messages one after the other up to the first that fails. Answers with how many were carried out; the error is the next's.
  links => sub { my ($path, @fields) = @_;
    my $socket = $path eq '' ? ($links ||= link_socket()) : link_socket_in($path);
    my $done = 0;
    while (@fields) {
      my $hex = shift @fields; my @references;
      push @references, substr(shift @fields, 1) while @fields && substr($fields[0], 0, 1) eq '@';
      my $errno = tell_kernel($socket, $hex, @references);
      if ($errno) { $! = $errno; return "$done $errno $!" }
      $done++ }
    "$done 0" },
  exists => sub { my (@names) = @_; my $s = ($links ||= link_socket()); join ' ', map { index_of($s, $_) } @names },
);
# Starts a program in a session of its own. Answers with the first line it writes to the file that the variable names, or with
# what it wrote when it ends.
sub start { my ($id, $variable, $program, $count, @rest) = @_;
  my @arguments = splice @rest, 0, $count;
  pipe(my $read, my $write) or return answer($id, $! + 0, "pipe: $!");
  my $child = fork();
  return answer($id, $! + 0, "fork: $!") unless defined $child;
  unless ($child) {
    $SIG{$_} = 'DEFAULT' for qw(CHLD PIPE);
    syscall($call{setsid});
    open(STDIN, '<', '/dev/null'); open(STDOUT, '>', '/dev/null'); open(STDERR, '>', '/dev/null');
    %ENV = map { (split /=/, $_, 2) } @rest; $ENV{$variable} = fileno($write);
    fcntl($write, 2, 0);
    no warnings 'exec';
    exec { $program } $program, @arguments;
    syswrite($write, "cannot run $program: $!\n");
    kill KILL => $$;
  }
  $waiting{fileno($read)} = [$id, $read, ''] }
sub hear { my ($fd) = @_; my ($id, $read) = @{$waiting{$fd}};
  my $got = sysread($read, $waiting{$fd}[2], 65536, length $waiting{$fd}[2]);
  return if $got && $waiting{$fd}[2] !~ /\n/;
  answer($id, 0, $waiting{$fd}[2]); delete $waiting{$fd} }
sub obey { my ($id, $name, @arguments) = map { decode($_) } split /\t/, $_[0], -1;
  return start($id, @arguments) if $name eq 'start';
  my $result = eval { ($verb{$name} || die [38, "no verb $name"])->(@arguments) };
  my ($errno, $text) = defined $result ? (0, $result) : ref $@ ? @{$@} : (5, "$@");
  answer($id, $errno, $text) }
my $input = '';
while (1) {
  my $files = ''; vec($files, $_, 1) = 1 for 0, keys %waiting;
  next if select(my $ready = $files, undef, undef, undef) < 0;
  if (vec($ready, 0, 1)) {
    sysread(STDIN, $input, 65536, length $input) or last;
    obey($1) while $input =~ s/^([^\n]*)\n//;
  }
  for (keys %waiting) { hear($_) if vec($ready, $_, 1) }
}
`;
