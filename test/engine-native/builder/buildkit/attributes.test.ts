import { describe, expect, it } from 'vitest';
import { frontendRequest } from '../../../../src/engine/native/builder/buildkit/attributes.ts';
import { definitionOf, isDefinition, resultOf } from '../../../../src/engine/native/builder/buildkit/result.ts';
import { encode } from '../../../../src/protobuf.ts';

const read = (attributes: Readonly<Record<string, string>>, inputs: ReadonlyMap<string, Buffer> = new Map()) =>
  frontendRequest(new Map(Object.entries(attributes)), inputs);

describe('attributes of the Dockerfile frontend', () => {
  it('none: the Dockerfile of a folder of its own, and the folder "context"', () => {
    const { options, sources } = read({});
    expect(sources).toMatchObject({ filename: 'Dockerfile', dockerfile: 'dockerfile', context: { folder: 'context' } });
    expect(options).toMatchObject({ noCache: false, pull: false, target: '', network: 'default', cacheFrom: [] });
  });
  it('arguments, labels, target and the like', () => {
    const { options, sources } = read({
      ...{ filename: 'sub/Dockerfile', target: 't', platform: 'linux/amd64', 'image-resolve-mode': 'pull' },
      ...{ 'build-arg:A': '1', 'build-arg:BUILDKIT_INLINE_CACHE': '1', 'label:a.b': 'c', 'cgroup-parent': '/x' },
      ...{ 'force-network-mode': 'host', 'shm-size': '64', 'add-hosts': 'h=1.2.3.4,six=::1', ulimit: 'nofile=1:2' },
      ...{ 'local-sessionid:context': 's2' },
    });
    expect(sources.filename).toBe('sub/Dockerfile');
    expect(sources.sessions.get('context')).toBe('s2');
    expect([...options.args]).toEqual([['A', '1']]);
    expect(options).toMatchObject({ target: 't', platforms: ['linux/amd64'], pull: true, network: 'host' });
    expect(options.labels).toEqual({ 'a.b': 'c' });
    expect(options.limits).toEqual({
      ...{ ShmSize: 64, CgroupParent: '/x', ExtraHosts: ['h:1.2.3.4', 'six:::1'] },
      Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
    });
  });
  it('no-cache means everything when it names nothing', () => {
    expect(read({ 'no-cache': '' }).options).toMatchObject({ noCache: true, noCacheFilter: [] });
    expect(read({ 'no-cache': 'One,two' }).options).toMatchObject({ noCache: false, noCacheFilter: ['one', 'two'] });
  });
  it('further contexts: images, folders, and what other builds came to', () => {
    const { contexts } = read(
      {
        ...{ 'context:Base:latest': 'docker-image://alpine', 'context:dir': 'local:dir' },
        'context:other::linux/amd64': 'input:key',
      },
      new Map([['key', definitionOf('abc')]]),
    ).options;
    expect([...contexts]).toEqual([
      ['base', 'docker-image://alpine'],
      ['dir', 'client:dir'],
      ['other', 'result:abc'],
    ]);
  });
  it('a context at an address holds its Dockerfile; further ones may be at addresses too', () => {
    const context = 'https://host/r.git#main:app';
    const { options, sources } = read({ context, 'context:more': 'git@host:r', 'context:web': 'https://host/x.tar' });
    expect(sources).toMatchObject({ context: { address: context }, dockerfile: undefined });
    expect(Object.fromEntries(options.contexts)).toEqual({
      more: 'remote:git@host:r',
      web: 'remote:https://host/x.tar',
    });
  });
  it('a context on standard input holds its Dockerfile, unless that has a folder of its own', () => {
    const context = 'http://buildkit-session/id1';
    expect(read({ context }).sources).toMatchObject({ context: { upload: '/id1' }, dockerfile: undefined });
    expect(read({ context, dockerfilekey: 'df' }).sources).toMatchObject({ dockerfile: 'df' });
  });
  it.each([
    [{ context: 'ftp://host/archive' }, 'is of a kind that'],
    [{ 'attest:sbom': 'x' }, 'attestations (sbom)'],
    [{ requestid: 'frontend.lint' }, 'unsupported request frontend.lint'],
    [{ 'force-network-mode': 'bridge' }, 'invalid netmode bridge'],
    [{ 'add-hosts': 'h=nonsense' }, 'failed to parse additional hosts: "h=nonsense"'],
    [{ ulimit: 'nofile' }, 'failed to parse ulimit: "nofile"'],
    [{ 'shm-size': '-1' }, 'failed to parse shm size'],
    [{ 'context:x': 'oci-layout://x' }, 'x=oci-layout://x is of a kind'],
    [{ 'context:x': 'input:missing' }, 'x=input:missing'],
  ])('%j is refused', (attributes, message) => {
    expect(() => read(attributes)).toThrow(message);
  });
});

describe('results on their way through a client', () => {
  it('are found again in the definition, and after the client has put another output on top', () => {
    const definition = definitionOf('id-1');
    expect(isDefinition(definition)).toBe(true);
    expect(resultOf(definition)).toBe('id-1');
    const source = encode({ 3: encode({ 1: 'windlass-result://id-2' }) });
    expect(resultOf(encode({ 1: [source, encode({ 1: [encode({ 1: 'sha256:x' })] })] }))).toBe('id-2');
  });
  it('anything else is none', () => {
    expect(resultOf(encode({ 1: [encode({ 3: encode({ 1: 'docker-image://x' }) })] }))).toBeUndefined();
    expect(resultOf(Buffer.alloc(0))).toBeUndefined();
    expect(isDefinition(Buffer.alloc(0))).toBe(false);
  });
});
