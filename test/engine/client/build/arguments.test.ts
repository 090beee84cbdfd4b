import { describe, expect, it } from 'vitest';
import { buildxCall } from '../../../../src/engine/client/build/arguments.ts';
import { buildQuery } from '../../../../src/engine/client/build/classic.ts';
import type { BuildRequest } from '../../../../src/engine/engine.ts';

const request = (more: Partial<BuildRequest> = {}): BuildRequest => ({
  service: 'web',
  build: { context: '/ctx', dockerfile: 'Dockerfile' },
  tags: ['shop-web'],
  labels: {},
  args: {},
  platforms: [],
  noCache: false,
  pull: false,
  push: false,
  quiet: false,
  secrets: [],
  ...more,
});

describe('buildx', () => {
  it('is called with the context, the Dockerfile and the tag', () => {
    expect(buildxCall(request(), '/id').args).toEqual([
      ...['build', '--progress', 'plain', '--iidfile', '/id', '--tag', 'shop-web', '--load'],
      ...['--file', '/ctx/Dockerfile', '--', '/ctx'],
    ]);
  });

  it('gets every attribute of the file', () => {
    const { args, input } = buildxCall(
      request({
        build: {
          context: 'https://example.com/repo.git#main',
          dockerfile_inline: 'FROM x',
          target: 'prod',
          network: 'host',
          shm_size: '1048576',
          extra_hosts: ['a=10.0.0.1'],
          cache_from: ['type=local,src=/c'],
          cache_to: ['type=local,dest=/c'],
          additional_contexts: { base: 'docker-image://busybox' },
          entitlements: ['network.host'],
          privileged: true,
          no_cache_filter: ['stage'],
          ulimits: { nofile: 1024, core: { soft: 1, hard: 2 } },
          labels: { own: '1' },
        },
        labels: { ours: '2' },
        platforms: ['linux/amd64', 'linux/arm64'],
        ssh: ['default', 'key=/k'],
        provenance: 'mode=max',
        sbom: 'true',
        builder: 'b',
        memory: 1024 ** 3,
        noCache: true,
        pull: true,
        push: true,
        quiet: true,
      }),
      '/id',
    );
    const text = args.join(' ');
    for (const expected of [
      '--progress quiet',
      '--target prod',
      '--network host',
      '--shm-size 1048576',
      '--add-host a:10.0.0.1',
      '--cache-from type=local,src=/c',
      '--cache-to type=local,dest=/c',
      '--build-context base=docker-image://busybox',
      '--allow network.host',
      '--allow security.insecure',
      '--no-cache-filter stage',
      '--ulimit nofile=1024',
      '--ulimit core=1:2',
      '--label own=1',
      '--label ours=2',
      '--platform linux/amd64,linux/arm64',
      '--ssh default',
      '--ssh key=/k',
      '--provenance mode=max',
      '--sbom true',
      '--builder b',
      '--memory 1073741824',
      '--no-cache',
      '--pull',
      '--push',
      '--file -',
    ])
      expect(text).toContain(expected);
    expect(args).not.toContain('--load');
    expect(args.slice(-2)).toEqual(['--', 'https://example.com/repo.git#main']);
    expect(input).toBe('FROM x');
  });

  it('never shows the values of arguments and secrets in its arguments', () => {
    const { args, environment } = buildxCall(
      request({
        args: { TOKEN: 'hush', PATH: '/own' },
        secrets: [
          { id: 'a', content: 'hush' },
          { id: 'b', file: '/f' },
          { id: 'c', environment: 'C' },
        ],
      }),
      '/id',
    );
    expect(args.join(' ')).not.toContain('hush');
    expect(args.join(' ')).toContain('--build-arg TOKEN --build-arg PATH=/own');
    expect(args.join(' ')).toContain(
      '--secret id=a,env=WINDLASS_BUILD_SECRET_0 --secret id=b,src=/f --secret id=c,env=C',
    );
    expect(environment).toEqual({ TOKEN: 'hush', WINDLASS_BUILD_SECRET_0: 'hush' });
  });

  it('builds nothing for a check', () => {
    const { args } = buildxCall(request({ check: true }), '/id');
    expect(args).toContain('--check');
    expect(args).not.toContain('--load');
  });
});

describe('the classic builder', () => {
  it('gets every attribute it knows', () => {
    const query = buildQuery(
      request({
        build: {
          target: 'prod',
          network: 'host',
          shm_size: '1',
          cache_from: ['a'],
          extra_hosts: ['h=1.2.3.4'],
          labels: { own: '1' },
          ulimits: { nofile: 5 },
        },
        args: { A: '1' },
        labels: { ours: '2' },
        tags: ['t1', 't2', 't1'],
        platforms: ['linux/amd64'],
        noCache: true,
        pull: true,
        memory: 1024 ** 2,
      }),
      'Dockerfile',
      undefined,
    );
    expect(query).toEqual({
      ...{
        dockerfile: 'Dockerfile',
        t: ['t1', 't2'],
        rm: true,
        forcerm: true,
        nocache: true,
        pull: true,
        buildargs: { A: '1' },
      },
      ...{
        labels: { own: '1', ours: '2' },
        target: 'prod',
        networkmode: 'host',
        shmsize: '1',
        memory: 1_048_576,
        cachefrom: '["a"]',
      },
      ...{ extrahosts: ['h:1.2.3.4'], ulimits: '[{"Name":"nofile","Soft":5,"Hard":5}]', platform: 'linux/amd64' },
    });
  });
});
