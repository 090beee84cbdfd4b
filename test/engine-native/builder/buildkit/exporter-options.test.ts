import { describe, expect, it } from 'vitest';
import { imageExport } from '../../../../src/engine/native/builder/buildkit/exporter-options.ts';
import { checkExporters } from '../../../../src/engine/native/builder/buildkit/exporters.ts';
import { parsePlatform } from '../../../../src/engine/native/images/platforms.ts';

const read = (attributes: Readonly<Record<string, string>>, type = 'image') =>
  imageExport({ type, attributes: new Map(Object.entries(attributes)) });

describe('what an exporter of images is asked for', () => {
  it('nothing: kept under no name, in Docker’s types for a registry', () => {
    expect(read({})).toMatchObject({ names: [], push: false, byDigest: false, store: true });
    expect(read({}).pack).toEqual({ oci: false, compression: 'gzip' });
  });
  it('an archive of the OCI has its types; annotations need them too', () => {
    expect(read({}, 'oci').pack.oci).toBe(true);
    expect(read({ 'annotation.a': 'b' }).pack.oci).toBe(true);
    expect(read({ 'oci-mediatypes': 'true', compression: 'uncompressed' }).pack).toEqual({
      ...{ oci: true, compression: 'uncompressed' },
    });
  });
  it('a registry is pushed to', () => {
    expect(read({ name: 'a:1,b:2' }, 'registry')).toMatchObject({ names: ['a:1', 'b:2'], push: true });
    expect(read({ name: 'a', push: 'true', 'push-by-digest': '1', store: 'false' })).toMatchObject({
      ...{ push: true, byDigest: true, store: false },
    });
  });
  it('annotations go where their names say', () => {
    const { annotations } = read({
      ...{ 'annotation.all': '1', 'annotation-manifest[linux/arm64].one': '2', 'annotation-index.top': '3' },
      ...{ 'annotation-manifest-descriptor.entry': '4', 'annotation-index-descriptor.outer': '5' },
    });
    const [arm, amd] = ['linux/arm64/v8', 'linux/amd64'].map((text) => parsePlatform(text, 'amd64'));
    if (!arm || !amd) throw new Error('no platforms');
    expect(annotations.manifest(arm)).toEqual({ all: '1', one: '2' });
    expect(annotations.manifest(amd)).toEqual({ all: '1' });
    expect(annotations.manifestDescriptor(amd)).toEqual({ entry: '4' });
    expect([annotations.index, annotations.indexDescriptor]).toEqual([{ top: '3' }, { outer: '5' }]);
  });
  it.each([
    [{ push: 'true' }, 'tag is needed when pushing'],
    [{ push: 'perhaps' }, 'non-bool value specified for push'],
    [{ compression: 'estargz' }, 'compression "estargz" is not supported'],
    [{ name: 'NOT A NAME' }, 'invalid tag'],
    [{ 'annotation-nowhere.a': 'b' }, 'unrecognized annotation type nowhere'],
  ])('%j is refused', (attributes, message) => {
    expect(() => read(attributes)).toThrow(message);
  });
  it.each([
    ['nonsense', {}, 'exporter "nonsense" is not supported'],
    ['oci', { tar: 'false' }, 'tar=false'],
    ['local', { mode: 'delete' }, 'mode=delete'],
  ])('an exporter %s with %j is refused before anything is built', (type, attributes, message) => {
    expect(() => checkExporters([{ type, attributes: new Map(Object.entries(attributes)) }])).toThrow(message);
  });
});
