// The image iperf3:latest for measuring networks: Debian's iperf3 with the libraries it names, and nothing else.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unpackPackage } from './debian-packages.ts';
import { must } from './run.ts';

export const IPERF = 'windlass-iperf3:latest';

/** Brings the image to engines that lack it. */
export async function ensureIperf(hosts: readonly string[]): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'windlass-iperf3-'));
  try {
    const archive = await rootArchive(work);
    for (const host of hosts)
      await must('docker', ['import', '-c', 'ENTRYPOINT ["/usr/bin/iperf3"]', archive, IPERF], {
        env: { ...process.env, DOCKER_HOST: host },
      });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function rootArchive(work: string): Promise<string> {
  const root = join(work, 'root');
  await mkdir(join(root, 'tmp'), { mode: 0o1777, recursive: true });
  for (const name of ['iperf3', 'libiperf0', 'libsctp1']) await unpackPackage(name, root);
  const program = join(root, 'usr/bin/iperf3');
  const own = (await must('find', [root, '-name', 'libiperf.so.0'])).trim();
  const listed = await must('ldd', [program], { env: { ...process.env, LD_LIBRARY_PATH: dirname(own) } });
  // The rest is the host's: libc, the loader, OpenSSL.
  for (const [, library = ''] of listed.matchAll(/(\/\S+)\s+\(0x/g)) {
    if (library.startsWith(root)) continue;
    await mkdir(join(root, dirname(library)), { recursive: true });
    await must('cp', ['-L', library, join(root, library)]);
  }
  const archive = join(work, 'iperf3.tar');
  await must('tar', ['-C', root, '--owner=0', '--group=0', '--numeric-owner', '-cf', archive, '.']);
  return archive;
}
