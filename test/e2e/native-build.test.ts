// Building on the native engine, through the docker CLI's classic builder and through windlass.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { failure, type Ran, run } from '../../scripts/ground/run.ts';
import { ApiClient } from '../support/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { startGitServer } from '../support/git-server.ts';
import { type NativeEngineUnderTest, startNativeEngine } from '../support/native-engine.ts';

let engine: NativeEngineUnderTest;
let folder: string;
beforeAll(async () => {
  engine = await startNativeEngine();
  folder = await mkdtemp(join(tmpdir(), 'windlass-build-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  expect(await engine.tearDown()).toEqual([]);
});

/** A folder with these files; one of them is the Dockerfile. */
async function context(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder, name);
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), content);
  }
  return path;
}

async function build(host: string, path: string, args: readonly string[] = [], exit = 0): Promise<Ran> {
  const env = { ...process.env, DOCKER_HOST: host, DOCKER_BUILDKIT: '0' };
  const ran = await run('docker', ['build', ...args, path], { deadline: 120_000, env });
  if (ran.exitCode !== exit) throw failure(ran);
  return ran;
}

const show = async (image: string, ...command: string[]): Promise<string> =>
  (await engine.docker(['run', '--rm', image, ...command])).stdout;

interface ImageFacts {
  readonly Id: string;
  readonly Author: string;
  readonly Config: Readonly<Record<string, unknown>>;
}

async function inspect(host: string, image: string): Promise<ImageFacts> {
  const ran = await run('docker', ['image', 'inspect', image], { env: { ...process.env, DOCKER_HOST: host } });
  const [facts] = JSON.parse(ran.stdout) as ImageFacts[];
  if (!facts) throw failure(ran);
  return facts;
}

/** Nothing of builds is left but the cache: no work folders, no containers of commands, no mounts. */
const noRemains = (): Promise<true> =>
  eventually('nothing is left of builds', async () => {
    const work = await readdir(join(engine.folder, 'images/builder/work'));
    const running = await readdir(join(engine.folder, 'run/builds')).catch(() => []);
    const lines = (await readFile('/proc/self/mounts', 'utf8')).split('\n');
    const mounts = lines.filter((line) => line.includes(engine.folder));
    return work.length + running.length + mounts.length === 0;
  });

const OVERLAP = `
ARG TAG=latest
FROM busybox:\${TAG} AS one
ENV A=1 B="two words" C=$PATH:/x
ARG X=x
LABEL "quoted key"="v 1" plain=v2 \\
      more=v3
RUN echo $X > /x.txt; mkdir -p /d/e; rm /bin/vi; ln /x.txt /hard; chmod 4755 /x.txt
WORKDIR /w/$A
COPY dir/a dir/sub /c4/
COPY d?r/* ./
COPY --chown=nobody:nogroup dir /c5/
VOLUME /v1 /v2
EXPOSE 80 443/udp
HEALTHCHECK --interval=5s --retries=2 CMD echo ok
SHELL ["/bin/sh", "-ec"]
CMD echo hi
FROM busybox
COPY --from=one /w /
COPY --from=0 /hard /x.txt /from0/
ENTRYPOINT ["sh", "-c"]
CMD ["echo x"]
ONBUILD COPY dir /onb
`;

test('an image has the configuration, history and files that Docker’s classic builder gives it', async () => {
  const path = await context('overlap', { Dockerfile: OVERLAP, 'dir/a': 'a', 'dir/sub/b': 'b' });
  const found: unknown[] = [];
  for (const host of [inject('ground').dockerHost, engine.host]) {
    const docker = async (...args: string[]): Promise<string> =>
      (await run('docker', args, { env: { ...process.env, DOCKER_HOST: host } })).stdout;
    for (const target of ['one', '']) {
      const image = `windlass-overlap${target}`;
      await build(host, path, ['-q', '-t', image, '--target', target, '--label', 'by=us']);
      const { Config, Author } = await inspect(host, image);
      const history = await docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', image);
      const skipped = ['proc', 'sys', 'dev', 'etc'].map((name) => `-path /${name} -prune -o`).join(' ');
      const list = `find / ${skipped} -print | sort | xargs stat -c '%A %u:%g %n %N'`;
      const files = await docker('run', '--rm', '--entrypoint', 'sh', image, '-c', list);
      found.push({
        ...{ target, Author, Config: { ...Config, Image: '' } },
        // Digests of contents are each engine's own.
        history: history.replace(/(file|dir|multi):[0-9a-f]{64}/g, '$1'),
        files: files.split('\n').filter((line) => !/ \/(\.dockerenv|v1|v2)? /.test(line)),
      });
      await docker('rmi', '-f', image);
    }
  }
  expect(found.slice(2)).toEqual(found.slice(0, 2));
});

const STEPS = `
FROM busybox AS base
ARG MESSAGE=default
RUN echo "$MESSAGE $RANDOM_NOT_SET" > /out
COPY <<DOCUMENT /document
value: \${HOME:-unset}
DOCUMENT
RUN <<COMMANDS
set -e
cat /document >> /out
ls /archive 2>/dev/null || echo none >> /out
COMMANDS
RUN <<SCRIPT
#!/bin/sh
echo "$0" > /script
SCRIPT
ADD archive.tar.gz /archive/
COPY --chmod=600 --exclude=*.md src /src/
FROM scratch
COPY --link --from=base / /
CMD ["cat", "/out", "/script", "/archive/src/a", "/src/a"]
`;

test('documents, archives and flags; what is built again is found in the cache, by the next engine too', async () => {
  const path = await context('steps', { Dockerfile: STEPS, 'src/a': 'A\n', 'src/b.md': 'B' });
  await run('tar', ['-czf', 'archive.tar.gz', 'src'], { cwd: path });
  const given = ['--build-arg', 'MESSAGE=given'];
  const first = await build(engine.host, path, ['-t', 'steps', ...given, '--build-arg', 'OTHER=1']);
  expect(first.stdout).toMatch(/Step 1\/11 : FROM busybox AS base\n/);
  expect(first.stdout).toContain('[Warning] One or more build-args [OTHER] were not consumed');
  expect(first.stdout).toMatch(/Successfully built [0-9a-f]{12}\nSuccessfully tagged steps:latest\n$/);
  // Nothing but its own files is in this image: not even a shell's.
  expect(await show('steps')).toBe('given \nvalue: unset\nnone\n/dev/pipes/SCRIPT\nA\nA\n');
  expect(await show('steps', 'ls', '-l', '/src')).toMatch(/^total \d+\n-rw------- +1 root +root +2 .* a\n$/);
  const { Id } = await inspect(engine.host, 'steps');

  await engine.crash();
  await engine.start();
  // Times of files do not count.
  await writeFile(join(path, 'src/a'), 'A\n');
  const again = await build(engine.host, path, ['-t', 'steps', ...given]);
  expect(again.stdout).not.toContain('Running in');
  expect(again.stdout.match(/Using cache/g)).toHaveLength(9);
  expect((await inspect(engine.host, 'steps')).Id).toBe(Id);
  // 0.05 s where nothing else runs.
  expect((await build(engine.host, path, ['-q', ...given])).milliseconds).toBeLessThan(1500);

  await writeFile(join(path, 'src/a'), 'changed\n');
  const changed = await build(engine.host, path, ['-t', 'steps', ...given]);
  expect(changed.stdout).not.toContain('Running in');
  expect(await show('steps')).toBe('given \nvalue: unset\nnone\n/dev/pipes/SCRIPT\nA\nchanged\n');
  expect((await build(engine.host, path, ['--no-cache', '--target', 'base'])).stdout).not.toContain('Using cache');
  await noRemains();
});

test('stages are built at once where they do not wait for one another; those not needed are not built', async () => {
  const meet = (own: string, other: string): string =>
    `RUN --mount=type=cache,id=meeting,target=/m touch /m/${own}; i=0; until [ -e /m/${other} ]; do sleep 0.1; i=$((i+1)); [ $i -lt 300 ]; done; echo ${own} > /${own}`;
  const path = await context('parallel', {
    Dockerfile: `
FROM busybox AS left
${meet('left', 'right')}
FROM busybox AS right
${meet('right', 'left')}
FROM busybox AS unused
RUN false
FROM busybox
COPY --from=left /left /
COPY --from=right /right /
`,
  });
  await build(engine.host, path, ['-t', 'parallel']);
  expect(await show('parallel', 'cat', '/left', '/right')).toBe('left\nright\n');
});

test('triggers of a base image are carried out in the image made from it', async () => {
  const base = await context('trigger-base', {
    Dockerfile: 'FROM busybox\nONBUILD COPY file /given\nONBUILD RUN cat /given > /seen',
  });
  await build(engine.host, base, ['-t', 'trigger-base']);
  const path = await context('trigger', { Dockerfile: 'FROM trigger-base\nRUN echo own >> /seen', file: 'mine\n' });
  expect((await build(engine.host, path, ['-t', 'triggered'])).stdout).toContain('# Executing 2 build triggers');
  expect(await show('triggered', 'cat', '/seen')).toBe('mine\nown\n');
  expect((await inspect(engine.host, 'triggered')).Config.OnBuild).toBe(null);
});

test('a repository is a context, and is added', async () => {
  const git = await startGitServer();
  const address = `${git.address}/r`;
  await git.commit('r', 'app/Dockerfile', `FROM busybox\nCOPY file /\nADD --keep-git-dir=true ${address}#main /all`);
  await git.commit('r', 'app/file', 'from afar\n');
  await build(engine.host, `${address}#main:app`, ['-t', 'afar']);
  expect(await show('afar', 'sh', '-c', 'cat /file /all/app/file; ls -d /all/.git')).toBe(
    'from afar\nfrom afar\n/all/.git\n',
  );
  // The docker CLI of old fetches the context by itself; asked for like this, the engine does.
  const api = new ApiClient(engine.host.slice('unix://'.length));
  const asked = async (ref: string): Promise<string> =>
    (await api.post('/build', undefined, { remote: `${address}#${ref}`, t: 'engines' })).text;
  expect(await asked('main:app')).toContain('Successfully tagged engines:latest');
  expect(await asked('nowhere')).toContain('has no branch, tag or commit \\"nowhere\\"');
  await noRemains();
});

test('what fails is told, and leaves nothing', async () => {
  const failing = async (dockerfile: string, exit = 1): Promise<string> =>
    (await build(engine.host, await context('failing', { Dockerfile: dockerfile }), [], exit)).output;
  const exited = await failing('FROM busybox\nRUN echo before; exit 7', 7);
  expect(exited).toContain('before\n');
  expect(exited).toContain(`The command '/bin/sh -c echo before; exit 7' returned a non-zero code: 7`);
  expect(await failing('FROM busybox\nRUM x')).toContain('dockerfile parse error on line 2: unknown instruction: RUM');
  expect(await failing('FROM busybox\nCOPY nothing /')).toContain('stat nothing: file does not exist');
  expect(await failing('FROM busybox\nRUN ["nope"]')).toContain('"nope": executable file not found');
  await noRemains();
});

test('a build whose client goes away is ended', async () => {
  const path = await context('endless', { Dockerfile: 'FROM busybox\nRUN echo started; sleep 600' });
  const env = { ...process.env, DOCKER_HOST: engine.host, DOCKER_BUILDKIT: '0' };
  const child = spawn('docker', ['build', path], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await eventually('the command runs', () => said.includes('started\n'));
  child.kill('SIGKILL');
  await noRemains();
});

test('windlass builds with secrets and further contexts, and leaves no trace of a secret', async () => {
  const path = await context('project', {
    'compose.yaml': `
name: nativebuild
services:
  app:
    image: nativebuild/app
    build:
      context: .
      dockerfile_inline: |
        FROM base AS one
        RUN --mount=type=secret,id=token cp /run/secrets/token /tmp/t; wc -c < /tmp/t > /length; rm /tmp/t
        RUN --mount=type=secret,id=variable,env=VALUE printf '%s' "$$VALUE" | wc -c >> /length
        RUN --mount=type=secret,id=absent ls /run/secrets >> /length 2>/dev/null || echo none >> /length
        RUN grep -c 10.9.8.7 /etc/hosts >> /length; df /dev/shm | awk 'NR==2{print $$2}' >> /length
        FROM base
        COPY --from=one /length /
        COPY --from=extra x /extra
        CMD cat /length /extra
      secrets: [token, variable]
      extra_hosts: ["there:10.9.8.7"]
      shm_size: 32m
      additional_contexts:
        extra: ./extra
        base: docker-image://busybox
secrets:
  token: {file: ./token}
  variable: {environment: SECRET_VALUE}
`,
    token: 'the-token-4711\n',
    'extra/x': 'extra\n',
    '.dockerignore': 'token\n',
  });
  const env = { ...process.env, DOCKER_HOST: engine.host, SECRET_VALUE: 'the-value-0815' };
  const { program } = inject('ground');
  const windlass = async (...args: string[]): Promise<string> => {
    const ran = await run(process.execPath, [program, ...args], { cwd: path, env, deadline: 120_000 });
    if (ran.exitCode !== 0) throw failure(ran);
    return ran.output;
  };
  expect(await windlass('up', '--build')).toMatch(/15\n.*14\n.*none\n.*1\n.*32768\n.*extra\n/s);
  await windlass('down');
  expect((await run('grep', ['-rlE', 'the-(token|value)-', engine.folder])).stdout).toBe('');
  // An attribute that cannot be honoured is named before anything is built.
  const refused = await run(process.execPath, [program, '-f', '-', 'build'], {
    ...{ cwd: path, env },
    input: 'name: nativebuild\nservices: {app: {build: {context: ., cache_to: [type=gha]}}}',
  });
  expect(refused.output).toContain('build.cache_to needs BuildKit, which the native engine does not have');
});

test('a container’s changes are listed and committed', async () => {
  await engine.docker(['run', '--name', 'changed', 'busybox', 'sh', '-c', 'echo new > /new; rm /bin/vi; mkdir /tmp/d']);
  expect((await engine.docker(['diff', 'changed'])).stdout.trim().split('\n').sort()).toEqual(
    ['A /new', 'A /tmp/d', 'C /bin', 'C /tmp', 'D /bin/vi'].sort(),
  );
  const change = ['-c', 'ENV A=1', '-c', 'CMD ["cat", "/new"]'];
  await engine.docker(['commit', '-m', 'why', '-a', 'who', ...change, 'changed', 'committed:1']);
  expect(await show('committed:1')).toBe('new\n');
  await engine.docker(['run', '--rm', 'committed:1', 'ls', '/bin/vi'], { exit: 1 });
  const facts = await inspect(engine.host, 'committed:1');
  expect(facts.Author).toBe('who');
  expect(facts.Config.Env).toContain('A=1');
  expect((await engine.docker(['history', 'committed:1'])).stdout).toContain('why');
  await engine.docker(['rm', 'changed']);
});

test('the cache is told and pruned; images stay', async () => {
  const usage = async (): Promise<string> =>
    (await engine.docker(['system', 'df', '--format', '{{.Type}} {{.TotalCount}}'])).stdout;
  expect(Number(/Build Cache (\d+)/.exec(await usage())?.[1])).toBeGreaterThan(5);
  expect((await engine.docker(['builder', 'prune', '-af'])).stdout).toContain('Total reclaimed space');
  expect(await usage()).toContain('Build Cache 0');
  expect(await show('parallel', 'cat', '/left')).toBe('left\n');
  expect(await show('triggered', 'cat', '/given')).toBe('mine\n');
});

test('docker compose and buildx build as they do on Docker, without being told', async () => {
  const path = await context('peers', {
    'compose.yaml': `
name: windlass-peers
services:
  lib:
    build: {context: ., args: {WORD: lent}, secrets: [token]}
    command: cat /word
  app:
    build:
      context: .
      dockerfile_inline: |
        FROM lib
        COPY --from=extra x /extra
        CMD cat /word /extra
      additional_contexts: {lib: "service:lib", extra: ./extra}
secrets:
  token: {environment: TOKEN}
`,
    Dockerfile:
      'FROM busybox\nARG WORD\nRUN --mount=type=secret,id=token test "$(cat /run/secrets/token)" = "it is secret"\nRUN echo $WORD > /word',
    'extra/x': 'extra\n',
    'broken/Dockerfile': 'FROM busybox\nRUN echo last words; exit 7',
    'several/Dockerfile': `
FROM --platform=$BUILDPLATFORM busybox AS build
ARG TARGETARCH
RUN echo "for $TARGETARCH" > /out
FROM scratch AS files
COPY --from=build /bin /bin
COPY --from=build /out /
CMD ["/bin/cat", "/out"]
FROM files
RUN --network=none ["/out"]
`,
    'buildx/cli-plugins/.keep': '',
  });
  const { peers } = inject('ground');
  await symlink(peers.buildx, join(path, 'buildx/cli-plugins/docker-buildx'));
  const environment = { ...process.env, DOCKER_HOST: engine.host, TOKEN: 'it is secret' };
  const withBuildx = { ...environment, DOCKER_CONFIG: join(path, 'buildx') };
  const call = async (program: string, args: string[], env: NodeJS.ProcessEnv, exit = 0): Promise<string> => {
    const ran = await run(program, args, { cwd: path, env, deadline: 120_000 });
    if (ran.exitCode !== exit) throw failure(ran);
    return ran.output;
  };
  // Without the plugin docker compose is its own client of BuildKit; with it, bake is, and several targets share a session.
  for (const env of [{ ...environment, DOCKER_CONFIG: folder }, withBuildx]) {
    const output = await call(peers.compose, ['--progress', 'plain', 'build', '--no-cache'], env);
    expect(output).toMatch(/\[lib 3\/3\] RUN echo \$WORD > \/word/);
    expect(await show('windlass-peers-app')).toBe('lent\nextra\n');
  }
  const wrong = await call(peers.buildx, ['build', '--progress', 'plain', 'broken'], withBuildx, 1);
  expect(wrong).toMatch(/last words/);
  expect(wrong).toMatch(/ERROR: .*exit code: 7/);
  const quiet = ['build', '-q', '--secret', 'id=token,env=TOKEN', '--iidfile', 'id', '-t', 'windlass-peers-again', '.'];
  // Clients before 23 take the classic builder for a plain `docker build`, plugin or not.
  await call('docker', ['buildx', ...quiet], withBuildx);
  expect((await inspect(engine.host, 'windlass-peers-again')).Id).toBe(await readFile(join(path, 'id'), 'utf8'));
  await call(
    peers.buildx,
    ['build', '-o', 'out', '--secret', 'id=token,env=TOKEN', '--build-arg', 'WORD=sent', '.'],
    withBuildx,
  );
  expect(await readFile(join(path, 'out/word'), 'utf8')).toBe('sent\n');
  const archive = ['build', '-o', 'type=tar,dest=out.tar', '--secret', 'id=token,env=TOKEN', '.'];
  await call(peers.buildx, archive, withBuildx);
  expect(await call('tar', ['-tf', 'out.tar'], environment)).toMatch(/^\.\/word$/m);
  const cached = ['build', '--progress', 'plain', '--target', 'build', 'several', '-t', 'windlass-peers-cached'];
  await call(peers.buildx, [...cached, '--no-cache', '--cache-to', 'type=local,dest=cache'], withBuildx);
  await engine.docker(['rmi', 'windlass-peers-cached']);
  await engine.docker(['builder', 'prune', '-af']);
  const again = await call(peers.buildx, [...cached, '--cache-from', 'type=local,src=cache'], withBuildx);
  expect(again).toMatch(/RUN echo "for \$TARGETARCH" > \/out\n#\d+ CACHED/);
  const several = ['build', '-q', '--platform', 'linux/amd64,linux/arm64', '--target', 'files', 'several'];
  await call(peers.buildx, [...several, '-o', 'type=oci,dest=oci.tar', '-t', 'windlass-peers-several'], withBuildx);
  expect((await engine.docker(['load', '-i', join(path, 'oci.tar')])).stdout).toContain('windlass-peers-several');
  for (const architecture of ['amd64', 'arm64'])
    expect(
      (await engine.docker(['run', '--rm', '--platform', `linux/${architecture}`, 'windlass-peers-several'])).stdout,
    ).toBe(`for ${architecture}\n`);
  await call(peers.buildx, [...several, '-o', 'split'], withBuildx);
  expect(await readFile(join(path, 'split/linux_arm64/out'), 'utf8')).toBe('for arm64\n');
  const foreign = await call(peers.buildx, ['build', '--platform', 'linux/arm64', 'several'], withBuildx, 1);
  // Where an emulator is installed, it is the file that does not run.
  expect(foreign).toMatch(/RUN for linux\/arm64 does not work on this machine|\/out/);
  expect(await call(peers.buildx, ['du'], withBuildx)).toMatch(/Total:\s+[1-9]/);
  expect(await call(peers.buildx, ['prune', '-f', '-a'], withBuildx)).toMatch(/Total:\s+[1-9]/);
  await noRemains();
});
