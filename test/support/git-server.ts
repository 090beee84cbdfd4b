// Repositories served by git's own daemon, on a port of its own; they go with the test.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { must, start } from '../../scripts/ground/run.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

export interface GitServer {
  /** `git://127.0.0.1:port` */
  readonly address: string;
  /** Commits a file to the branch `main` of a repository, which is made on first use. */
  commit(repository: string, file: string, text: string): Promise<void>;
}

export async function startGitServer(): Promise<GitServer> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-git-'));
  const port = await freePort();
  const daemon = start(
    'git',
    ['daemon', '--listen=127.0.0.1', `--port=${port}`, '--export-all', '--reuseaddr', `--base-path=${folder}`, folder],
    { deadline: 3_600_000 },
  );
  onTestFinished(async () => {
    daemon.process.kill('SIGTERM');
    await daemon.ended;
    await rm(folder, { recursive: true, force: true });
  });
  await eventually('a git server that answers', () => answers(port)).catch((error: Error) => {
    throw new Error(`${error.message}; it printed:\n${daemon.output()}`);
  });
  return {
    address: `git://127.0.0.1:${port}`,
    async commit(repository, file, text) {
      const tree = join(folder, repository);
      const git = (...args: string[]) =>
        must('git', ['-C', tree, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args]);
      await mkdir(dirname(join(tree, file)), { recursive: true });
      await git('init', '-q', '-b', 'main');
      await writeFile(join(tree, file), text);
      await git('add', '-A');
      await git('commit', '-qm', 'change');
    },
  };
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
