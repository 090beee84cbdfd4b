// The programs windlass is compared with: docker compose 2.40 and buildx, from Debian's packages, kept in a cache folder.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, run } from './run.ts';

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'windlass-peers');
const PROGRAMS = ['docker-compose', 'docker-buildx'] as const;
const PLUGINS = 'usr/libexec/docker/cli-plugins';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export interface Peers {
  readonly compose: string;
  readonly buildx: string;
  /** Folder of both. */
  readonly folder: string;
}

/** Puts the peers into the cache folder unless they are there and start. */
export async function ensurePeers(): Promise<Peers> {
  const compose = join(CACHE, 'docker-compose');
  const works = await run(compose, ['version', '--short']).then(
    (ran) => ran.exitCode === 0,
    () => false,
  );
  if (!works) await installPeers();
  return { compose, buildx: join(CACHE, 'docker-buildx'), folder: CACHE };
}

async function installPeers(): Promise<void> {
  console.log('Fetching docker compose and buildx (Debian packages), which windlass is compared with.');
  const work = await mkdtemp(join(tmpdir(), 'windlass-peers-'));
  try {
    for (const folder of ['lists/partial', 'cache/archives/partial'])
      await mkdir(join(work, folder), { recursive: true });
    // Debian 12 has only the old docker-compose; the present one is in sid and is a static program that runs anywhere.
    await writeFile(join(work, 'sources'), `deb [signed-by=${KEYRING}] ${await debianMirror()} sid main\n`);
    const apt = [
      ...['-q', '-o', `Dir::Etc::sourcelist=${work}/sources`, '-o', 'Dir::Etc::sourceparts=-'],
      ...['-o', `Dir::State::lists=${work}/lists`, '-o', `Dir::Cache=${work}/cache`],
      ...['-o', 'Acquire::Check-Valid-Until=false', '-o', 'APT::Sandbox::User=root'],
    ];
    await must('apt-get', [...apt, 'update'], { cwd: work });
    await must('apt-get', [...apt, 'download', ...PROGRAMS], { cwd: work });
    await mkdir(CACHE, { recursive: true });
    for (const file of await readdir(work))
      if (file.endsWith('.deb')) await must('dpkg-deb', ['-x', file, 'root'], { cwd: work });
    for (const program of PROGRAMS) {
      await copyFile(join(work, 'root', PLUGINS, program), join(CACHE, `${program}.new`));
      await rename(join(CACHE, `${program}.new`), join(CACHE, program));
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The Debian mirror that this system's apt already uses. */
export async function debianMirror(): Promise<string> {
  const folder = '/etc/apt/sources.list.d';
  const files = ['/etc/apt/sources.list', ...(await readdir(folder).catch(() => [])).map((file) => join(folder, file))];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const found =
      /^URIs:\s*(\S+\/debian)\/?\s*$/m.exec(text)?.[1] ??
      /^deb\s+(?:\[[^\]]*\]\s+)?(\S+\/debian)\/?\s/m.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  throw new Error(
    "no Debian mirror in apt's sources\n  hint: this needs a Debian system; add one to /etc/apt/sources.list",
  );
}
