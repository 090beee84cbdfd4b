import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitEnvironment } from '../../src/git-program.ts';
import { type Host, realHost } from '../../src/host.ts';
import { fetchFromGit } from '../../src/remote/git.ts';

let folder: string;
let repository: string;

const git = (...args: string[]): string =>
  execFileSync('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
    env: gitEnvironment(process.env),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();

function commit(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(repository, name, '..'), { recursive: true });
    writeFileSync(join(repository, name), text);
  }
  git('add', '-A');
  git('commit', '-qm', 'change');
  return git('rev-parse', 'HEAD');
}

/** Reads from a repository on disk, which references cannot name. */
const fetch = (ref: string, path = '', host: Host = realHost) =>
  fetchFromGit(
    { address: `file://${repository}`, ref, path },
    { host, env: { ...process.env, GIT_ALLOW_PROTOCOL: 'file' }, cache: join(folder, 'cache') },
  );

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-git-'));
  repository = join(folder, 'repository');
  mkdirSync(repository);
  git('init', '-q', '-b', 'main');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('Compose files of git repositories', () => {
  it('are checked out under their commit, by branch, tag and commit', async () => {
    const first = commit({ 'compose.yaml': 'services: {a: {image: one}}', 'sub/docker-compose.yml': '# sub' });
    git('tag', 'v1');
    git('branch', 'old/main');
    const second = commit({ 'compose.yaml': 'services: {a: {image: two}}' });
    expect(await fetch('main')).toBe(join(folder, 'cache', second, 'compose.yaml'));
    expect(readFileSync(await fetch('HEAD'), 'utf8')).toContain('two');
    expect(readFileSync(await fetch('v1'), 'utf8')).toContain('one');
    expect(await fetch(first, 'sub')).toBe(join(folder, 'cache', first, 'sub', 'docker-compose.yml'));
    expect(readdirSync(join(folder, 'cache')).sort()).toEqual([first, second].sort());
  });

  it('of a commit that is there are not fetched again', async () => {
    const id = commit({ 'compose.yaml': 'services: {}' });
    await fetch(id);
    const nobody: Host = { run: () => Promise.reject(new Error('git may not run here')) };
    expect(await fetch(id, '', nobody)).toBe(join(folder, 'cache', id, 'compose.yaml'));
  });

  it('take the place of a checkout that was left half done', async () => {
    const id = commit({ 'compose.yaml': 'services: {}' });
    mkdirSync(join(folder, 'cache', id, '.git'), { recursive: true });
    expect(existsSync(await fetch(id))).toBe(true);
  });

  it('run no hook that a template brings along', async () => {
    const template = join(folder, 'template', 'hooks');
    mkdirSync(template, { recursive: true });
    writeFileSync(join(template, 'post-checkout'), `#!/bin/sh\ntouch ${join(folder, 'ran')}\n`, { mode: 0o755 });
    const id = commit({ 'compose.yaml': 'services: {}' });
    await fetchFromGit(
      { address: `file://${repository}`, ref: id, path: '' },
      {
        host: realHost,
        env: { ...process.env, GIT_ALLOW_PROTOCOL: 'file', GIT_TEMPLATE_DIR: join(folder, 'template') },
        cache: join(folder, 'cache'),
      },
    );
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });

  it('are no links that lead out of the repository', async () => {
    symlinkSync('/etc/passwd', join(repository, 'compose.yaml'));
    commit({});
    await expect(fetch('main')).rejects.toThrow(/leads out of the repository/);
  });

  it.each([
    ['nope', '', /has no branch or tag "nope"/],
    ['main', 'nofile', /there is no Compose file in "nofile"/],
    ['0'.repeat(40), '', /cannot read the repository/],
  ])('at %s %s cannot be had', async (ref, path, message) => {
    commit({ 'compose.yaml': 'services: {}' });
    await expect(fetch(ref, path)).rejects.toThrow(message);
    expect(
      existsSync(join(folder, 'cache')) ? readdirSync(join(folder, 'cache')).filter((n) => n[0] === '.') : [],
    ).toEqual([]);
  });

  it('come over no transport that runs programs, unless the user allows it', () => {
    expect(gitEnvironment({})).toMatchObject({ GIT_ALLOW_PROTOCOL: 'http:https:ssh:git', GIT_TERMINAL_PROMPT: '0' });
    expect(gitEnvironment({ GIT_DIR: '/x', GIT_ALLOW_PROTOCOL: 'https' })).toEqual({
      GIT_ALLOW_PROTOCOL: 'https',
      GIT_TERMINAL_PROMPT: '0',
      GIT_SSH_COMMAND: 'ssh -o ControlMaster=no -o BatchMode=yes',
    });
  });
});
