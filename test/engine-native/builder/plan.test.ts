import { describe, expect, test } from 'vitest';
import { layerOfOther } from '../../../src/engine/native/builder/cache-from.ts';
import {
  type ConfigState,
  configStep,
  exposedPorts,
  workdirOf,
} from '../../../src/engine/native/builder/config-step.ts';
import type { Instruction } from '../../../src/engine/native/builder/dockerfile/instructions.ts';
import { parseDockerfile } from '../../../src/engine/native/builder/dockerfile/parse.ts';
import { expandInstruction } from '../../../src/engine/native/builder/expand-instruction.ts';
import { buildOptions } from '../../../src/engine/native/builder/request.ts';
import { findStage, neededStages, targetStage } from '../../../src/engine/native/builder/stage-graph.ts';
import { fromNothing } from '../../../src/engine/native/builder/stage-state.ts';
import { isMountPlace } from '../../../src/engine/native/containers/changes.ts';

describe('stages that a target needs', () => {
  const file = parseDockerfile(`
FROM x AS base
FROM base AS one
FROM y AS unused
FROM z AS two
COPY --from=one a b
FROM w AS three
RUN --mount=from=two,target=/m true
FROM three
COPY --from=1 a b
COPY --from=other/image a b
FROM 0
`);
  const needed = (target: string): (string | number)[] =>
    neededStages(file, targetStage(file, target), ({ base }) => base).map(({ name, index }) => name ?? index);

  test.each([
    ['base', ['base']],
    ['TWO', ['base', 'one', 'two']],
    ['3', ['base', 'one', 'two']],
    ['5', ['base', 'one', 'two', 'three', 5]],
    ['', [6]],
  ])('%j', (target, expected) => {
    expect(needed(target)).toEqual(expected);
  });

  test('a stage does not see itself or later ones', () => {
    expect(findStage(file.stages, 'two', 3)).toBeUndefined();
    expect(findStage(file.stages, '3', 3)).toBeUndefined();
    expect(() => targetStage(file, 'nope')).toThrow('target stage "nope" could not be found');
  });
});

describe('configuration', () => {
  const start: ConfigState = { config: { Env: ['PATH=/bin', 'A=0'], Cmd: ['old'] }, author: '', commandSet: false };
  const step = (text: string, state = start): ReturnType<typeof configStep> => {
    const [written] = parseDockerfile(`FROM a\n${text}`).stages[0]?.instructions ?? [];
    const expanded = expandInstruction(written as Instruction, { variables: new Map(), escapeToken: '\\' });
    return configStep(state, expanded as Parameters<typeof configStep>[1]);
  };

  test.each([
    ['ENV A=1 B="x y"', { Env: ['PATH=/bin', 'A=1', 'B=x y'] }, '#(nop)  ENV A=1 B=x y'],
    ['LABEL a="b c"', { Labels: { a: 'b c' } }, '#(nop)  LABEL a=b c'],
    ['CMD echo "hi"', { Cmd: ['/bin/sh', '-c', 'echo "hi"'] }, '#(nop)  CMD ["/bin/sh" "-c" "echo \\"hi\\""]'],
    ['CMD []', { Cmd: [] }, '#(nop)  CMD []'],
    ['ENTRYPOINT ["a"]', { Entrypoint: ['a'], Cmd: null }, '#(nop)  ENTRYPOINT ["a"]'],
    ['EXPOSE 81 80/udp', { ExposedPorts: { '80/udp': {}, '81/tcp': {} } }, '#(nop)  EXPOSE 80/udp 81'],
    ['VOLUME /a /b', { Volumes: { '/a': {}, '/b': {} } }, '#(nop)  VOLUME [/a /b]'],
    ['USER me', { User: 'me' }, '#(nop)  USER me'],
    ['STOPSIGNAL SIGINT', { StopSignal: 'SIGINT' }, '#(nop)  STOPSIGNAL SIGINT'],
    ['SHELL ["sh"]', { Shell: ['sh'] }, '#(nop)  SHELL [sh]'],
    ['ONBUILD RUN x', { OnBuild: ['RUN x'] }, '#(nop)  ONBUILD RUN x'],
    [
      'HEALTHCHECK --interval=90s --retries=3 CMD ["a"]',
      { Healthcheck: { Test: ['CMD', 'a'], Interval: 90e9, Retries: 3 } },
      '#(nop)  HEALTHCHECK &{["CMD" "a"] "1m30s" "0s" "0s" \'\\x03\'}',
    ],
  ])('%s', (text, config, comment) => {
    const { state, comment: said } = step(text);
    expect(state.config).toMatchObject(config);
    expect(said).toBe(comment);
  });

  test('a command of this stage survives its entrypoint', () => {
    expect(step('ENTRYPOINT ["a"]', step('CMD ["b"]').state).state.config.Cmd).toEqual(['b']);
  });

  test('ports that are none are refused', () => {
    expect(exposedPorts('8000-8002/tcp')).toEqual(['8000/tcp', '8001/tcp', '8002/tcp']);
    for (const text of ['x', '70000', '9-8', '80/foo'])
      expect(() => exposedPorts(text)).toThrow('Invalid containerPort');
  });

  test('working directories are relative to the one before', () => {
    expect(['/a', 'b', '../c'].reduce(workdirOf, '')).toBe('/a/c');
  });
});

describe('requests', () => {
  const options = (query: string): ReturnType<typeof buildOptions> => buildOptions(new URLSearchParams(query));

  test('caches are written to registries', () => {
    const read = options('cacheto=["name","type=inline","type=registry,ref=r/c:1,mode=max"]');
    expect(read.cacheTo).toEqual([
      { ref: 'name', mode: 'min' },
      { ref: 'r/c:1', mode: 'max' },
    ]);
  });
  test('are read as the classic API writes them', () => {
    const read = options(
      `t=a&t=b:1&buildargs=${encodeURIComponent('{"A":"1","B":null}')}&labels={"l":"v"}&nocache=1&memory=5&shmsize=7&cachefrom=["c"]&extrahosts=h:1.2.3.4&buildcontexts=${encodeURIComponent('{"Img":"docker-image://x","d":"client"}')}`,
    );
    expect(read).toMatchObject({ tags: ['a', 'b:1'], labels: { l: 'v' }, noCache: true, cacheFrom: ['c'] });
    expect(read.limits).toMatchObject({ Memory: 5, ShmSize: 7, ExtraHosts: ['h:1.2.3.4'] });
    expect([...read.args]).toEqual([['A', '1']]);
    expect([...read.contexts]).toEqual([
      ['img', 'docker-image://x'],
      ['d', 'client:d'],
    ]);
  });

  test.each([
    ['squash=1', 'squash is only supported with experimental mode'],
    ['outputs=[{}]', '"outputs" is not supported'],
    ['buildargs=x', 'invalid value for "buildargs": it is not JSON'],
    ['labels=[]', 'invalid value for "labels"'],
    ['memory=x', 'invalid value for "memory"'],
    ['cacheto=["type=gha"]', 'invalid value for "cacheto": type=gha'],
    ['cacheto=["type=registry,ref=a,mode=all"]', 'invalid value for "cacheto"'],
    ['buildcontexts={"a":"ftp://b"}', 'invalid value for "buildcontexts": a: ftp://b'],
  ])('%s is refused', (query, message) => {
    expect(() => options(query)).toThrow(message);
  });
});

test('an image of cachefrom counts where its history begins as the stage does', () => {
  const layer = { diffId: `sha256:${'1'.repeat(64)}`, blob: 'b', blobSize: 1, mediaType: 'm' };
  const history = [
    { created_by: 'one', empty_layer: true },
    { created_by: 'two', created: 'then' },
  ];
  const rootfs = { type: 'layers' as const, diff_ids: [] };
  const config = { architecture: 'amd64', os: 'linux', rootfs, history };
  const image = { id: `sha256:${'a'.repeat(64)}`, config, layers: [layer], size: 0, repoDigests: [] };
  const cached = { ...image, fetch: () => Promise.resolve(true) };
  const build = { cacheImages: [cached] };
  const state = {
    ...fromNothing({ os: 'linux', architecture: 'amd64', variant: '' }),
    history: [{ created_by: 'one', empty_layer: true }],
  };
  expect(layerOfOther(build, state, 'two')).toEqual({ layer, created: 'then', image: cached });
  expect(layerOfOther(build, state, 'other')).toBeUndefined();
  expect(layerOfOther(build, { ...state, history: [{ created_by: 'else' }] }, 'two')).toBeUndefined();
});

test('places of the engine’s own mounts are no changes of a container', () => {
  const is = (path: string, size = 0, type: 'file' | 'directory' = 'file'): boolean =>
    isMountPlace({ path, type, size });
  expect([is('etc/hosts'), is('dev', 0, 'directory'), is('dev/console'), is('.dockerenv')]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect([is('etc/hosts', 5), is('etc/passwd'), is('developer')]).toEqual([false, false, false]);
});
