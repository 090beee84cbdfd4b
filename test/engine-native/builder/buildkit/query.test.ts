import { describe, expect, it } from 'vitest';
import { queryRequest } from '../../../../src/engine/native/builder/buildkit/query.ts';

const read = (text: string) => queryRequest(new URLSearchParams(text), { ref: 'r', hostGateway: '172.17.0.1' });

describe('the query of a build with version=2', () => {
  it('nothing: the body is the context, the image is kept', () => {
    const { attributes, exporters, session, cacheExports } = read('version=2');
    expect([...attributes]).toEqual([
      ['context', 'http://buildkit-session/request-body'],
      ['image-resolve-mode', 'default'],
    ]);
    expect([exporters, session, cacheExports]).toEqual([[{ type: 'moby', attributes: new Map() }], '', []]);
  });
  it('what the docker CLI sends', () => {
    const given = {
      ...{ remote: 'client-session', session: 's', dockerfile: 'sub/Dockerfile', target: 't', pull: '1', nocache: '1' },
      ...{ buildargs: '{"A":"1","NONE":null,"BUILDKIT_INLINE_CACHE":"1"}', labels: '{"l":""}', cachefrom: '["c","d"]' },
      ...{ networkmode: 'host', extrahosts: 'me:host-gateway', shmsize: '64', platform: 'linux/amd64' },
      ...{ ulimits: '[{"Name":"nofile","Soft":1,"Hard":2}]' },
    };
    const query = new URLSearchParams(given);
    for (const tag of ['a:1', 'b:2']) query.append('t', tag);
    const { attributes, exporters, cacheExports } = read(query.toString());
    expect(Object.fromEntries(attributes)).toEqual({
      ...{ filename: 'sub/Dockerfile', target: 't', 'image-resolve-mode': 'pull', 'no-cache': '', 'label:l': '' },
      ...{ 'build-arg:A': '1', 'build-arg:BUILDKIT_INLINE_CACHE': '1', 'cache-from': 'c,d', ulimit: 'nofile=1:2' },
      ...{ 'force-network-mode': 'host', 'add-hosts': 'me=172.17.0.1', 'shm-size': '64', platform: 'linux/amd64' },
    });
    expect(exporters).toEqual([{ type: 'moby', attributes: new Map([['name', 'a:1,b:2']]) }]);
    expect(cacheExports.map(({ type }) => type)).toEqual(['inline']);
  });
  it('an address is the context; an output goes to the client; a cache alone goes nowhere', () => {
    expect(read('remote=https://host/r.git').attributes.get('context')).toBe('https://host/r.git');
    expect(read('outputs=[{"Type":"local","Attrs":{"a":"b"}}]').exporters).toEqual([
      { type: 'local', attributes: new Map([['a', 'b']]) },
    ]);
    expect(read('outputs=[{"Type":"cacheonly"}]').exporters).toEqual([]);
  });
  it.each([
    ['squash=1', 'squash'],
    ['networkmode=other', 'network mode "other" not supported by buildkit'],
    ['outputs=[{},{}]', 'multiple outputs'],
    ['outputs={', '"outputs"'],
    ['extrahosts=nonsense', 'invalid host nonsense'],
  ])('%s is refused', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});
