// Files of a container as an archive, in and out. A container's symbolic links are not to be trusted, and it may change them
// while we look: reading resolves paths with openat2(RESOLVE_IN_ROOT), writing happens in a chroot. Node.js can do neither,
// so one short-lived perl process does each; it loads nothing once it is inside.

/** O_PATH | O_NOFOLLOW differ by architecture, as do the numbers of system calls. */
const CONSTANTS: Readonly<Record<string, string>> = {
  x64: `my ($O_PATH, $O_NOFOLLOW, $O_DIRECTORY) = (010000000, 0400000, 0200000);
my %call = (fchownat => 260, mknodat => 259, fchdir => 81, setns => 308, setgroups => 116, setresgid => 119, setresuid => 117);`,
  arm64: `my ($O_PATH, $O_NOFOLLOW, $O_DIRECTORY) = (010000000, 0100000, 040000);
my %call = (fchownat => 54, mknodat => 33, fchdir => 50, setns => 268, setgroups => 159, setresgid => 149, setresuid => 147);`,
};

/** The program for Node's name of an architecture; undefined where its constants are not known. */
export function archiveProgram(architecture: string, mode: 'stat' | 'get' | 'put'): string | undefined {
  const constants = CONSTANTS[architecture];
  if (constants === undefined) return undefined;
  // Without "strict" and "warnings": loading them takes perl longer than all the rest, and a save waits for it.
  return `${constants}\n${COMMON}${mode === 'put' ? PUT : mode === 'get' ? GET : STAT}`;
}

/**
 * `enter` becomes the root of a container whose ids are not the host's, in its user namespace: owners are read and written as they are
 * inside, and of other files on the host it may do no more than the container itself.
 */
const COMMON = String.raw`
sub fail { my ($what) = @_; print STDERR "$what: $!\n"; exit($! + 0 == 2 ? 44 : $! + 0 == 20 ? 45 : 1); }
sub open_root { my ($root) = @_; sysopen(my $r, $root, $O_PATH | $O_DIRECTORY) or fail("open root"); $r }
sub enter { my ($users) = @_; return if $users eq '';
  open(my $n, '<', $users) or fail('open user namespace');
  syscall($call{setns}, fileno($n), 0x10000000) == 0 or fail('enter user namespace');
  syscall($call{setgroups}, 0, 0) == 0 && syscall($call{setresgid}, 0, 0, 0) == 0 && syscall($call{setresuid}, 0, 0, 0) == 0
    or fail('become root'); }
sub open_in { my ($r, $path, $flags) = @_;
  my $how = pack('QQQ', $flags, 0, 0x10); my $p = "$path";
  my $fd = syscall(437, fileno($r), $p, $how, length $how);
  fail($path) if $fd < 0; return $fd; }
`;

/** Arguments: root, user namespace or nothing, path. One line: mode in octal, size, mtime, target of a link. */
const STAT = String.raw`
my ($place, $users, $path) = @ARGV; my $root = open_root($place); enter($users);
my $fd = open_in($root, $path, $O_PATH | $O_NOFOLLOW);
my @s = lstat("/proc/self/fd/$fd/.") ? lstat("/proc/self/fd/$fd/.") : ();
open(my $h, "<&=", $fd);
@s = stat($h) unless @s;
my $parent = $path; $parent =~ s{/*[^/]*/*$}{}; my ($name) = $path =~ m{([^/]+)/*$};
my $link = '';
if (($s[2] & 0170000) == 0120000) { my $d = open_in($root, $parent eq '' ? '/' : $parent, $O_PATH | $O_DIRECTORY);
  $link = readlink("/proc/self/fd/$d/$name") // ''; }
printf "%o\t%d\t%d\t%s\n", $s[2], $s[7], $s[9], $link;
`;

/**
 * Arguments: root, user namespace or nothing, 1 to leave out what is mounted, folder, name and, where that is ".", what stands for "./"
 * at the beginning of names. Becomes tar(1) in that folder. What the kernel shows in a container that runs is not of its files.
 */
const GET = String.raw`
my ($place, $users, $own, $folder, $name, $as) = @ARGV; my $root = open_root($place); enter($users);
my $fd = open_in($root, $folder, $O_PATH | $O_DIRECTORY);
chdir "/proc/self/fd/$fd" or fail("chdir $folder");
lstat($name) or fail($name);
my @rename = defined $as ? ('-P', '--transform=flags=rSh;s,^\.\(/\|$\),' . $as . ',') : ();
my @kernel = $place =~ m{^/proc/} && $folder =~ m{^/\.?$} ? ('--anchored', map { "--exclude=./$_/*" } qw(proc sys dev)) : ();
my @bounds = $own ? ('--one-file-system', '--ignore-failed-read') : ();
exec 'tar', '-c', '-f', '-', '--numeric-owner', '--xattrs', '--xattrs-include=security.capability', '--pax-option=delete=atime,delete=ctime', @rename, @kernel, @bounds, '--', $name or fail('tar');
`;

/**
 * On standard input, which may come later: a line with root, user namespace or nothing, folder, and 1 to refuse replacing a folder by
 * something else; then the entries, see archive.ts.
 */
const PUT = String.raw`
sub decode { my ($s) = @_; $s =~ s/%([0-9A-F]{2})/chr(hex $1)/ge; $s }
binmode STDIN; my $buffer = '';
my $order = <STDIN>; defined $order or exit 0; chomp $order;
my ($place, $users, $folder, $careful) = map { decode($_) } split /\t/, $order, -1;
my $root = open_root($place); enter($users);
syscall($call{fchdir}, fileno($root)) == 0 or fail('chdir'); chroot '.' or fail('chroot'); chdir '/' or fail('chdir');
if (-e $folder && !-d $folder) { print STDERR "extraction point is not a directory\n"; exit 43; }
chdir $folder or fail($folder);
sub refuse { print STDERR "$_[0]\n"; exit 43; }
my $last = '';
sub parents { my ($path) = @_; my $at = ''; my @parts = split m{/}, $path; pop @parts;
  my $parent = join '/', @parts; return if $parent eq $last; $last = $parent;
  for my $part (@parts) { $at = $at eq '' ? $part : "$at/$part"; mkdir $at, 0755; } }
sub clear_away { my ($path) = @_;
  opendir(my $d, $path) or fail("replace $path"); my @names = grep { $_ ne '.' && $_ ne '..' } readdir $d; closedir $d;
  for my $name (@names) { my $p = "$path/$name"; lstat $p;
    if (-d _) { clear_away($p); } else { unlink $p or fail("replace $p"); } }
  rmdir $path or fail("replace $path"); }
while (defined(my $line = <STDIN>)) {
  chomp $line;
  my ($type, $mode, $uid, $gid, $mtime, $size, $major, $minor, $path, $link) = map { decode($_) } split /\t/, $line, -1;
  $mode = oct $mode; parents($path);
  my $was = lstat($path) ? (-d _ ? 'directory' : 'other') : '';
  if ($was eq 'directory' && $type ne 'directory') {
    refuse("cannot overwrite directory \"$path\" with non-directory") if $careful;
    clear_away($path); $last = ''; }
  elsif ($was eq 'other') {
    refuse("cannot overwrite non-directory \"$path\" with directory") if $careful && $type eq 'directory' && !-d $path;
    unless ($type eq 'directory' && -d $path) { unlink $path or fail("replace $path"); } }
  if ($type eq 'directory') { -d $path or mkdir($path, 0700) or fail("mkdir $path"); }
  elsif ($type eq 'symlink') { symlink $link, $path or fail("symlink $path"); }
  elsif ($type eq 'link') { link $link, $path or fail("link $path"); }
  elsif ($type eq 'file') {
    sysopen(my $out, $path, 1 | 0100 | 0200, 0600) or fail("create $path");
    while ($size > 0) { my $n = read(STDIN, $buffer, $size > 65536 ? 65536 : $size) or fail('archive ends early');
      syswrite($out, $buffer) == $n or fail("write $path"); $size -= $n; }
    close $out; }
  else { my $kind = { char => 0020000, block => 0060000, fifo => 0010000 }->{$type}; my $p = "$path";
    my $device = ($minor & 0xff) | (($major & 0xfff) << 8) | (($minor & ~0xff) << 12);
    syscall($call{mknodat}, -100, $p, $kind | 0600, $device) == 0 or fail("mknod $path"); }
  next if $type eq 'link';
  my $p = "$path"; syscall($call{fchownat}, -100, $p, $uid + 0, $gid + 0, 0x100) == 0 or fail("chown $path");
  unless ($type eq 'symlink') { chmod $mode, $path or fail("chmod $path"); utime $mtime, $mtime, $path; }
}
`;
