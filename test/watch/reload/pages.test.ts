import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { allowReload } from '../../../src/watch/reload/content-policy.ts';
import { injecting } from '../../../src/watch/reload/inject.ts';
import { answerHeaders } from '../../../src/watch/reload/response-headers.ts';

describe('the script goes into the page', () => {
  const put = async (...pieces: string[]): Promise<string> =>
    String(await buffer(Readable.from(pieces.map((piece) => Buffer.from(piece))).pipe(injecting('<S>'))));
  const table: [string, string[], string][] = [
    ['before the end of the body', ['<html><body>a</body></html>'], '<html><body>a<S></body></html>'],
    ['in any case of letters', ['<BODY>a</BODY>'], '<BODY>a<S></BODY>'],
    ['wherever the page is cut', ['<body>a</bo', 'dy></html>'], '<body>a<S></body></html>'],
    ['letter by letter', [...'<body>a</body>'], '<body>a<S></body>'],
    ['before the last end only', ['<body>"</body>" b</body>'], '<body>"</body>" b<S></body>'],
    ['before the last end, held back before', ['x</body>y', 'z</body>'], 'x</body>yz<S></body>'],
    ['at the end of a document without one', ['<!doctype html><p>a'], '<!doctype html><p>a<S>'],
    ['not into a fragment', ['<li>a</li>'], '<li>a</li>'],
    ['not into nothing', [], ''],
    [
      'with every byte of it as it was',
      ['<body>\u00e4\u{1f600}', '\u00f6</body>'],
      '<body>\u00e4\u{1f600}\u00f6<S></body>',
    ],
  ];
  test.each(table)('%s', async (_, pieces, expected) => {
    expect(await put(...pieces)).toBe(expected);
  });

  test('a part that is complete goes on at once', async () => {
    const through = injecting('<S>');
    through.write(Buffer.from('<html><body>the first half, long enough'));
    expect(String(through.read())).toBe('<html><body>the first half, long e');
    through.end();
  });
});

describe('a content security policy lets the script run and listen', () => {
  const table: [string, string, string][] = [
    ['no word of scripts', "img-src 'self'", "img-src 'self'"],
    ['own scripts only', "script-src 'self'", "script-src 'self'; script-src-elem 'self' HASH"],
    ['everything from here', "default-src 'self'", "default-src 'self'; script-src-elem 'self' HASH"],
    ['nothing at all', "default-src 'none'", "default-src 'none'; script-src-elem HASH; connect-src 'self'"],
    ['inline scripts', "script-src 'unsafe-inline'", "script-src 'unsafe-inline'"],
    [
      'inline scripts, in vain beside a nonce',
      "script-src 'unsafe-inline' 'nonce-x'",
      "script-src 'unsafe-inline' 'nonce-x'; script-src-elem 'unsafe-inline' 'nonce-x' HASH",
    ],
    ['connections elsewhere', 'connect-src https://api', "connect-src https://api 'self'"],
    ['the narrowest directive', "script-src-elem 'self'", "script-src-elem 'self' HASH"],
    ['two policies', "img-src *, script-src 'self'", "img-src *, script-src 'self'; script-src-elem 'self' HASH"],
  ];
  test.each(table)('%s', (_, policy, expected) => {
    expect(allowReload(policy, 'HASH')).toBe(expected);
  });
});

describe('headers', () => {
  const facts = { host: 'localhost:18080', upstream: '127.0.0.1:8080', injected: true, scriptHash: 'HASH' };

  test('length and encoding of a page that is changed are gone', () => {
    const found = answerHeaders({ 'content-length': '5', 'content-encoding': 'gzip', etag: 'x', 'x-own': '1' }, facts);
    expect(found).toEqual({ 'x-own': '1', 'cache-control': 'no-cache' });
  });

  test('everything is asked for again after a reload', () => {
    const found = answerHeaders({ 'cache-control': 'max-age=31536000, immutable', expires: 'later' }, facts);
    expect(found).toEqual({ 'cache-control': 'no-cache' });
    expect(answerHeaders({ 'cache-control': 'no-store' }, facts)).toEqual({ 'cache-control': 'no-store' });
  });

  test('a redirection to the service leads to the proxy, one elsewhere stays', () => {
    const to = (location: string): unknown => answerHeaders({ location }, facts).location;
    expect(to('http://localhost:8080/login?a=b')).toBe('http://localhost:18080/login?a=b');
    expect(to('http://127.0.0.1:8080')).toBe('http://localhost:18080');
    expect(to('/login')).toBe('/login');
    expect(to('https://example.org/')).toBe('https://example.org/');
  });
});
