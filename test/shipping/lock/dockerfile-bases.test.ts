// Which images a Dockerfile needs, and that pinning changes nothing else.
import { expect, it } from 'vitest';
import { basesOf, pinBases } from '../../../src/shipping/lock/dockerfile-bases.ts';

const options = { args: {}, contexts: [] };
const references = (text: string, given: Partial<Parameters<typeof basesOf>[1]> = {}): string[] =>
  basesOf(text, { ...options, ...given }).map(({ reference }) => reference);

it.each<[string, string, string[]]>([
  ['one base', 'FROM busybox:1.36\nRUN true\n', ['busybox:1.36']],
  ['small letters and a platform', 'from --platform=$BUILDPLATFORM golang:1.22 as build', ['golang:1.22']],
  [
    'stages are no images',
    'FROM a AS one\nFROM ONE AS two\nFROM b\nCOPY --from=two /x /\nCOPY --from=0 /x /',
    ['a', 'b'],
  ],
  ['scratch is none', 'FROM scratch\nCOPY --from=tools:2 /bin/x /', ['tools:2']],
  [
    'mounts',
    'FROM a\nRUN --mount=type=bind,from=certs:1,target=/c --mount=type=cache,target=/t true',
    ['a', 'certs:1'],
  ],
  ['defaults of arguments', 'ARG TAG=3.20\nARG IMAGE=alpine:$TAG\nFROM ${IMAGE}', ['alpine:3.20']],
  ['quoted defaults', 'ARG IMAGE="alpine:3"\nFROM $IMAGE', ['alpine:3']],
  ['operators', 'FROM alpine:${TAG:-edge}\nFROM x${SUFFIX:+-slim}', ['alpine:edge', 'x']],
  ['a missing argument', 'ARG IMAGE\nFROM ${IMAGE}', ['']],
  ['arguments behind FROM count for the stage alone', 'ARG T=1\nFROM a:$T\nARG T=2\nFROM b:$T', ['a:1', 'b:1']],
  ['continued lines with comments in them', 'FROM \\\n# why\n  a:1 \\\n  AS x\nFROM b', ['a:1', 'b']],
  ['another escape', '# escape=`\nFROM `\n a:1', ['a:1']],
  ['here-documents', 'FROM a\nRUN <<EOF\nFROM evil\nEOF\nCOPY <<-"X" /f\n\tFROM worse\n\tX\nFROM b', ['a', 'b']],
  ['line ends of Windows', 'FROM a:1 AS x\r\nFROM b:2\r\n', ['a:1', 'b:2']],
  ['words like FROM elsewhere', '# FROM x\nFROM a\nRUN echo FROM b\nLABEL FROM=c', ['a']],
])('%s', (_, text, expected) => {
  expect(references(text)).toEqual(expected);
});

it('arguments of the build go before the defaults of the file', () => {
  expect(references('ARG T=1\nFROM a:$T', { args: { T: '2' } })).toEqual(['a:2']);
});

it('additional contexts are no images', () => {
  expect(references('FROM base\nCOPY --from=Assets / /', { contexts: ['base', 'assets'] })).toEqual([]);
});

it('pins what comes from elsewhere, and nothing but that', () => {
  const text = [
    '# FROM a:1 is not a base',
    'ARG T=1',
    'FROM --platform=linux/amd64 a:${T} AS build   ',
    'RUN echo a:1',
    'FROM build',
    'COPY --from=a:1 --chown=a:1 /a /a',
    'RUN --mount=type=bind,from=tools,target=/tools a:1',
  ].join('\n');
  expect(pinBases(text, options, (reference) => `${reference}@sha256:00`)).toBe(
    [
      '# FROM a:1 is not a base',
      'ARG T=1',
      'FROM --platform=linux/amd64 a:1@sha256:00 AS build   ',
      'RUN echo a:1',
      'FROM build',
      'COPY --from=a:1@sha256:00 --chown=a:1 /a /a',
      'RUN --mount=type=bind,from=tools@sha256:00,target=/tools a:1',
    ].join('\n'),
  );
});
