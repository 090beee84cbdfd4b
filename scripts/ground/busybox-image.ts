// The image busybox:latest, made from Debian's busybox-static, for engines that cannot reach a registry.
import { copyFile, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackPackage } from './debian-packages.ts';
import { must, run } from './run.ts';

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'windlass', 'images');
export const BUSYBOX = 'busybox:latest';

/** Makes sure that the engine knows busybox:latest. */
export async function ensureBusybox(host: string): Promise<void> {
  const env = { ...process.env, DOCKER_HOST: host };
  if ((await run('docker', ['image', 'inspect', BUSYBOX], { env })).exitCode === 0) return;
  await must('docker', ['import', '-c', 'CMD ["sh"]', await rootArchive(), BUSYBOX], { env });
}

/** Tar file of the image's root file system; made once. */
async function rootArchive(): Promise<string> {
  const archive = join(CACHE, 'busybox.tar');
  if (await stat(archive).catch(() => undefined)) return archive;
  const work = await mkdtemp(join(tmpdir(), 'windlass-busybox-'));
  try {
    await unpackPackage('busybox-static', work);
    const root = join(work, 'root');
    for (const folder of ['bin', 'etc', 'tmp', 'root', 'var', 'proc', 'sys', 'dev'])
      await mkdir(join(root, folder), { recursive: true });
    // In /bin up to Debian 12, in /usr/bin from 13 on.
    await copyFile(join(work, 'bin/busybox'), join(root, 'bin/busybox')).catch(() =>
      copyFile(join(work, 'usr/bin/busybox'), join(root, 'bin/busybox')),
    );
    const applets = (await must(join(root, 'bin/busybox'), ['--list'])).split('\n');
    for (const applet of applets)
      if (applet !== '' && applet !== 'busybox') await symlink('busybox', join(root, 'bin', applet));
    await writeFile(
      join(root, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    );
    await writeFile(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
    await must('chmod', ['1777', join(root, 'tmp')]);
    await mkdir(CACHE, { recursive: true });
    const whole = ['-C', root, '--owner=0', '--group=0', '--numeric-owner', '-cf', `${archive}.new`, '.'];
    await must('tar', whole);
    await rename(`${archive}.new`, archive);
    return archive;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
