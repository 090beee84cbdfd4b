// Installs the Debian packages that tests and the demo need, saying which and why. Never starts a service.
import { access, readFile } from 'node:fs/promises';
import { asRoot, failure, must, run } from './run.ts';

/** Package → the program by which it is recognised, and why it is needed. */
const PACKAGES = {
  'docker.io': { program: 'dockerd', why: 'the Docker Engine that windlass drives, started privately' },
  'docker-cli': { program: 'docker', why: "docker's command line, to look at what windlass made" },
  iptables: { program: 'iptables', why: 'the Docker Engine publishes ports with it' },
  iproute2: { program: 'ip', why: 'bridges that containers are plugged into' },
  nftables: { program: 'nft', why: 'the native engine publishes ports and keeps networks apart with it' },
  crun: { program: 'crun', why: 'the OCI runtime, which makes containers of the native engine' },
  conmon: { program: 'conmon', why: 'watches each container of the native engine' },
  procps: { program: 'ps', why: 'engines list the processes of a container with it' },
  debootstrap: { program: 'debootstrap', why: 'the base of images that are built from Debian packages' },
  'docker-registry': { program: 'docker-registry', why: 'a registry whose tags move under tests' },
  skopeo: { program: 'skopeo', why: 'reads the images in bundles as others do' },
  chromium: { program: 'chromium', why: 'the browser whose pages reload while files are watched' },
  zsh: { program: 'zsh', why: 'a shell whose completion is tried' },
  fish: { program: 'fish', why: 'a shell whose completion is tried' },
  'ca-certificates': { file: '/etc/ssl/certs/ca-certificates.crt', why: "to trust the Debian mirror's certificate" },
} as const;

export type DebianPackage = keyof typeof PACKAGES;

/** For images that are built from Debian packages. */
export const FOR_IMAGES: readonly DebianPackage[] = ['debootstrap', 'ca-certificates'];
/** For windlass's own engine. */
export const FOR_NATIVE: readonly DebianPackage[] = ['crun', 'conmon', 'iproute2', 'nftables'];
/** For tests on an engine that is there. */
export const ON_AN_ENGINE: readonly DebianPackage[] = ['docker-cli', 'procps', ...FOR_IMAGES];
/** For a Docker Engine of our own. */
export const FOR_AN_ENGINE: readonly DebianPackage[] = ['docker.io', 'docker-cli', 'iptables', 'iproute2', 'procps'];

const SEARCH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** PATH with the folders of system programs, which a plain user's may lack. */
export const systemPath = (path: string | undefined): string =>
  [...new Set([...(path ?? '').split(':'), ...SEARCH])].filter((part) => part !== '').join(':');

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

async function installed(name: DebianPackage): Promise<boolean> {
  const mark = PACKAGES[name];
  if ('file' in mark) return exists(mark.file);
  const folders = systemPath(process.env.PATH).split(':');
  return (await Promise.all(folders.map((folder) => exists(`${folder}/${mark.program}`)))).includes(true);
}

/** Which of them are missing here. */
export async function missingPackages(names: readonly DebianPackage[]): Promise<DebianPackage[]> {
  const missing: DebianPackage[] = [];
  for (const name of names) if (!(await installed(name))) missing.push(name);
  return missing;
}

// While this file answers 101, packages' scripts do not start the services they bring.
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const WITHOUT_SERVICES = `
set -e
export DEBIAN_FRONTEND=noninteractive
# Tests that run side by side each bring their own: one after the other. The lock goes with the shell.
exec 9< /var/lib/dpkg
flock 9
if [ ! -e ${POLICY_FILE} ]; then
  printf '#!/bin/sh\\nexit 101\\n' > ${POLICY_FILE}
  chmod 755 ${POLICY_FILE}
  trap 'rm -f ${POLICY_FILE}' EXIT
  trap 'exit 130' INT TERM HUP
fi
apt-get -q update
apt-get -q -y -o DPkg::Lock::Timeout=600 --no-install-recommends install "$@"
`;

/** Makes sure that these packages are there. Prints nothing when they are. */
export async function ensurePackages(names: readonly DebianPackage[]): Promise<void> {
  const missing = await missingPackages(names);
  if (missing.length === 0) return;
  const named = await debianNames(missing);
  const wanted = [...new Set(named.values())];
  console.log('Installing Debian packages:');
  for (const [name, debian] of named) console.log(`  ${debian.padEnd(16)} ${PACKAGES[name].why}`);
  const [program, args] = asRoot('sh', ['-c', WITHOUT_SERVICES, 'install', ...wanted]);
  const ran = await run(program, args, { deadline: 900_000 });
  if (ran.exitCode !== 0)
    throw new Error(`${failure(ran)}\n  hint: install ${wanted.join(' ')} by hand, then run this again`);
}

/** What the packages are called in this release: docker's command line got a package of its own in Debian 13. */
async function debianNames(missing: readonly DebianPackage[]): Promise<Map<DebianPackage, string>> {
  const release = /^VERSION_ID="?(\d+)/m.exec(await readFile('/etc/os-release', 'utf8').catch(() => ''))?.[1];
  const commandLine = Number(release ?? '12') >= 13 ? 'docker-cli' : 'docker.io';
  return new Map(missing.map((name) => [name, name === 'docker-cli' ? commandLine : name]));
}

/** Downloads one package with apt, as the system's sources say, into a folder, and unpacks it there. */
export async function unpackPackage(name: string, into: string): Promise<void> {
  await must('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', name], { cwd: into }).catch(async () => {
    // A machine whose package lists were never fetched, or are too old for the mirror.
    await must(...asRoot('apt-get', ['-q', 'update']));
    await must('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', name], { cwd: into });
  });
  await must('sh', ['-c', 'dpkg-deb -x "$1"_*.deb .', 'unpack', name], { cwd: into });
}
