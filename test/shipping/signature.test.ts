// Signatures: the format of minisign 0.11, whose own keys and signature stand here, and what does not verify.
import { expect, it } from 'vitest';
import { checkSignature, readPublicKey, readSecretKey, signText } from '../../src/shipping/bundle/signature.ts';

const PUBLIC = 'RWQSU/kV7MrivR5mHIz9sYG3d2GR0bFrMrYS2D6rmACi16wXTxxbJx17';
/** Made for this test by "minisign -G -W": it signs nothing anywhere else. */
const SECRET = `untrusted comment: minisign encrypted secret key
RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAElP5FezK4r00J6P4IG3TJOz1RzdVaz5TI+Pxvha83qWl0JAR+UgOxB5mHIz9sYG3d2GR0bFrMrYS2D6rmACi16wXTxxbJx17AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
`;
const LOCKED =
  'RWRTY0IyUtc6X8KjaCr6uf9FOB2Qsmz0YwJq4eZOfCQLoYGg2vwAAAACAAAAAAAAAEAAAAAA9irwg384cLZ4/k0KWrcC/sWE9G6ZQbtVWaPDlWeQ6HeNTT8MDRjksM0YaAlpGHQuWBh6/Ff99V6cdJzTRcgeZ8is4v8OwCSqOfheTj8OmdYMp182Vo+0YB12/WB5Y1/a4ylIPyJHaKI=';
/** "minisign -S -t 'signed once'" over "hello\n". */
const SIGNATURE = `untrusted comment: signature from minisign secret key
RUQSU/kV7MrivesJyjUFOOMAckBj7f/ajUOzrtRgXEoUoG3mjB13XQ8xNPtNB29QffYFN7sATRBP+XvZQIQcqYH6N2QY1lK4SQE=
trusted comment: signed once
vtxZpdx3S3IOIVnqiSRy8TT24/IVHnRNosPJQakgNHo9hODh8AHjILy90K0s6drYWyP+g0B+CzcniIs88uCCCg==
`;

const trusted = readPublicKey(`untrusted comment: minisign public key BDE2CAEC15F95312\n${PUBLIC}\n`);
const key = readSecretKey(SECRET, undefined);

it("verifies minisign's own signature, and makes the same one", () => {
  checkSignature('hello\n', SIGNATURE, trusted);
  const ours = signText('hello\n', key, 'signed once');
  expect(ours.split('\n').slice(1)).toEqual(SIGNATURE.split('\n').slice(1));
});

it('a public key is a file or its second line', () => {
  checkSignature('hello\n', SIGNATURE, readPublicKey(PUBLIC));
});

const lines = SIGNATURE.split('\n');
const flipped = (line: string): string => `${line.slice(0, 40)}${line[40] === 'A' ? 'B' : 'A'}${line.slice(41)}`;
it.each<[string, string, string, RegExp]>([
  ['another text', 'hello', SIGNATURE, /does not belong to this bundle/],
  [
    'a changed signature',
    'hello\n',
    [lines[0], flipped(lines[1] ?? ''), ...lines.slice(2)].join('\n'),
    /does not belong/,
  ],
  ['a changed comment', 'hello\n', SIGNATURE.replace('signed once', 'signed twice'), /does not belong/],
  [
    'a changed second signature',
    'hello\n',
    [...lines.slice(0, 3), flipped(lines[3] ?? '')].join('\n'),
    /does not belong/,
  ],
  ['half a signature', 'hello\n', lines.slice(0, 2).join('\n'), /is damaged/],
  ['nothing', 'hello\n', '', /is damaged/],
])('refuses %s', (_, text, signature, expected) => {
  expect(() => checkSignature(text, signature, trusted)).toThrow(expected);
});

it('refuses what another key has signed', () => {
  const other = readPublicKey('RWRAcgxJfpKHGPrpwolWjTX7ycfCkvpQO0locZCm0OWs5I58ORK01iD3');
  expect(() => checkSignature('hello\n', SIGNATURE, other)).toThrow('signed with another key');
});

it('says what is wrong with a key, and never what is in it', () => {
  expect(() => readPublicKey(SECRET)).toThrow('this is no public key of minisign');
  expect(() => readSecretKey(PUBLIC, undefined)).toThrow('this is no secret key of minisign');
  expect(() => readSecretKey(LOCKED, undefined)).toThrow('the secret key is locked with a password');
  const damaged = Buffer.from(SECRET.trim().split('\n').at(-1) ?? '', 'base64');
  damaged[70] = (damaged[70] ?? 0) ^ 1;
  expect(() => readSecretKey(damaged.toString('base64'), undefined)).toThrow(/^the secret key is damaged$/);
});
