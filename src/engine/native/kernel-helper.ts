// The system calls Node.js has no door to (mount, network namespaces), made by one long-lived perl process: perl-base is
// Essential on Debian, starts in 3 ms once, and then answers in well under a millisecond, where a spawned mount(8) takes 3 ms each.
// Protocol: one request a line, `id TAB verb TAB argument…`; one answer a line, `id TAB errno TAB text`. Fields are
// percent-encoded, so that no path can forge a field or a line.

/** System call numbers of the architectures windlass runs on. */
const SYSCALLS: Readonly<Record<string, string>> = {
  x64: 'mount => 165, umount => 166, unshare => 272, setns => 308',
  arm64: 'mount => 40, umount => 39, unshare => 97, setns => 268',
};

/** The perl program, for Node's name of an architecture; undefined where the call numbers are not known. */
export function helperProgram(architecture: string): string | undefined {
  const calls = SYSCALLS[architecture];
  return calls === undefined ? undefined : `my %call = (${calls});\n${PROGRAM}`;
}

const PROGRAM = String.raw`
use strict; use warnings; use Socket;
$| = 1; $0 = 'windlass-kernel-helper';
sub check { my ($ok, $what) = @_; die [$! + 0, "$what: $!"] unless $ok; }
sub mount_at { my ($source, $target, $type, $flags, $data) = @_;
  my ($s, $t, $y, $d) = ("$source", "$target", "$type", "$data");
  check(syscall($call{mount}, $s, $t, $y, 0 + $flags, $d) == 0, "mount $target"); }
my %verb = (
  mount => sub { my ($directory, @rest) = @_;
    check(chdir($directory), "chdir $directory");
    my $done = eval { mount_at(@rest); 1 }; my $error = $@;
    chdir '/'; die $error unless $done; '' },
  umount => sub { my ($target, $flags) = @_; my $t = "$target";
    check(syscall($call{umount}, $t, 0 + $flags) == 0, "umount $target"); '' },
  netns => sub { my ($path) = @_;
    open(my $own, '<', '/proc/self/ns/net') or check(0, 'open own network namespace');
    open(my $file, '>', $path) or check(0, "create $path"); close $file;
    check(syscall($call{unshare}, 0x40000000) == 0, 'unshare network namespace');
    my $done = eval {
      socket(my $s, AF_INET, SOCK_DGRAM, 0) or check(0, 'socket');
      my $request = pack('a16 s x22', 'lo', 0x41);
      check(ioctl($s, 0x8914, $request), 'bring loopback up');
      mount_at('/proc/self/ns/net', $path, 'none', 4096, ''); 1 };
    my $error = $@;
    check(syscall($call{setns}, fileno($own), 0x40000000) == 0, 'return to own network namespace');
    die $error unless $done; '' },
);
sub decode { my ($s) = @_; $s =~ s/%([0-9A-F]{2})/chr(hex $1)/ge; $s }
sub encode { my ($s) = @_; $s =~ s/([%\t\n])/sprintf('%%%02X', ord $1)/ge; $s }
while (my $line = <STDIN>) {
  chomp $line;
  my ($id, $name, @arguments) = map { decode($_) } split /\t/, $line, -1;
  my $result = eval { ($verb{$name} || die [38, "no verb $name"])->(@arguments) };
  my ($errno, $text) = defined $result ? (0, $result) : ref $@ ? @{$@} : (5, "$@");
  print join("\t", $id, $errno, encode($text)), "\n";
}
`;
