// Signatures of OpenSSH: made by its own ssh-keygen for each kind of key, and what does not verify.
import { expect, it } from 'vitest';
import { isSshKeys, readSshKeys } from '../../src/shipping/bundle/ssh-keys.ts';
import { checkSshSignature } from '../../src/shipping/bundle/ssh-signature.ts';

/** `ssh-keygen -Y sign -n windlass-bundle` over "hello\n", with keys that were made for this test and thrown away. */
const MADE = {
  ed25519: {
    key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICN8fdKAtgTKS4WMRlUyX8PMaesJMpOlU+5Hjn2/L9pQ',
    signature:
      'U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgI3x90oC2BMpLhYxGVTJfw8xp6wkyk6VT7keOfb8v2lAAAAAPd2luZGxhc3MtYnVuZGxlAAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1lZDI1NTE5AAAAQAgdPFs0j1ImL8EgvqgY84Nz2YTQBaM86lB5LgKL+IbPtWqQZL4P0ISBYoOFO0H4GRAxbsARY3KY5aSEJZiwvgw=',
  },
  rsa: {
    key: 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDIoQT+X8B3kcxCnye/zwWYii+ZgBDU5b1RpMszbcyyIarIsPoHpsshHMncmfsMFUwR8GI8atnRMTrVC0yC4zXBCmMhQj5LkegHnTYWWTaabYNxV65f/hg48hXS7Q0viaClazhSsMJoNmaZd9Y1FOeN988KLcrFE7aVO6M7yDayHejBRxdJFZFnUSC4arTbAF0iBBUvW7ieTSBgNXEKhtcEysKi2N/9TWaWvzCoaFnB31YZ0dOOSzt/77FiiVeH/5wxGiX2i3V3huUMho4ynvHsVn1QVnqViJWQYAQg56jYOUu5+Sh0+3DA5M/CjEX5/5RptHLJx80uI5g2r8bmqpjFIuMVi3Gcte+auBWRQaYy/1jM+2xqK6VmmmL/ixRJRq1Mv51bmBhD6vJk3mLRJgy9AoZ9vXGUYKWwqNR9mvFS+KB0apziPth+nqjRp4rAe129fOh0lSbUyMQcz3RH/ogaJMb1kp+gGPE/O9Xw2ZjL9pJmLEarbHAWoavRJkevtL8=',
    signature:
      'U1NIU0lHAAAAAQAAAZcAAAAHc3NoLXJzYQAAAAMBAAEAAAGBAMihBP5fwHeRzEKfJ7/PBZiKL5mAENTlvVGkyzNtzLIhqsiw+gemyyEcydyZ+wwVTBHwYjxq2dExOtULTILjNcEKYyFCPkuR6AedNhZZNpptg3FXrl/+GDjyFdLtDS+JoKVrOFKwwmg2Zpl31jUU5433zwotysUTtpU7ozvINrId6MFHF0kVkWdRILhqtNsAXSIEFS9buJ5NIGA1cQqG1wTKwqLY3/1NZpa/MKhoWcHfVhnR045LO3/vsWKJV4f/nDEaJfaLdXeG5QyGjjKe8exWfVBWepWIlZBgBCDnqNg5S7n5KHT7cMDkz8KMRfn/lGm0csnHzS4jmDavxuaqmMUi4xWLcZy175q4FZFBpjL/WMz7bGorpWaaYv+LFElGrUy/nVuYGEPq8mTeYtEmDL0Chn29cZRgpbCo1H2a8VL4oHRqnOI+2H6eqNGnisB7Xb186HSVJtTIxBzPdEf+iBokxvWSn6AY8T871fDZmMv2kmYsRqtscBahq9EmR6+0vwAAAA93aW5kbGFzcy1idW5kbGUAAAAAAAAABnNoYTUxMgAAAZQAAAAMcnNhLXNoYTItNTEyAAABgFz8gEVRJusvn+/CFmLk4U3090joTcKkkLrgXC9HAIpiKUaEglrGL3+WmNY/ENWy7PY356FDR5u1KfoMA2ZGVYVcMW+castTxdIXlFyI6UMBlzt8MMcGHMF8V304EM1+/qU0Xpa3kSnSdBJRw7qELlVdC/CXObVe8LFPxPI03D0NqzyViErbtKJtX0fBsv61eDf7vaVzsrGddgWppulrVt5GR0tasn9HMznaN/me00USVGFHKdGzYnkrkaqMC21bK6j9o676pGOdALD0iA1qzWWoEvEKOFRQVFx2Y0mIxfqyU6+NtGR5gvOEH+69zJMnEyw020M5BKDqqniXRaw+bmitO5YHyGwNfvV64hBxcLFFvl3kbDchngoEprwSjWAgVnnKNaISXWpR15KlZZXXEQUCakxlNbc9l+J1+1zoqOLdvsO+/UH08GFAAuVRJAEVfGTlH4lmoqTtbzJmAVfAAnDzVA5cuMEYQRKRe2Ecrycc2pO6QYTF08zSFggZYZQ8aA==',
  },
  p256: {
    key: 'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBLfWlya2tdhc3OZxK5nUynJgiTTIwOAxf7MjQJSv1MJtEls9riQA1rpxKnOnACEbHxjjnO+hEK8QLAohEfDoNo4=',
    signature:
      'U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAEEEt9aXJra12Fzc5nErmdTKcmCJNMjA4DF/syNAlK/Uwm0SWz2uJADWunEqc6cAIRsfGOOc76EQrxAsCiER8Og2jgAAAA93aW5kbGFzcy1idW5kbGUAAAAAAAAABnNoYTUxMgAAAGQAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAEkAAAAgIEqO2fHicO8g0EPLPvnb7XYds0cWTZncFiB3f1SX/q4AAAAhANgCUfnmLoO+bspqTo2RJ1AsDPFLF3XvSw9YQUZ0XnYu',
  },
  p384: {
    key: 'ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBPG2UNX6oCbddWKOa09dPOSo1rjOdW0eAcx8GkS/KWwM2dWESyLTu44gveDSxx1loAuZctcCCtLbrr3io+CGfZvMGEIh/klVT714bLjlQxtqyai0DisNG+rhKkZQoZ434A==',
    signature:
      'U1NIU0lHAAAAAQAAAIgAAAATZWNkc2Etc2hhMi1uaXN0cDM4NAAAAAhuaXN0cDM4NAAAAGEE8bZQ1fqgJt11Yo5rT1085KjWuM51bR4BzHwaRL8pbAzZ1YRLItO7jiC94NLHHWWgC5ly1wIK0tuuveKj4IZ9m8wYQiH+SVVPvXhsuOVDG2rJqLQOKw0b6uEqRlChnjfgAAAAD3dpbmRsYXNzLWJ1bmRsZQAAAAAAAAAGc2hhNTEyAAAAhQAAABNlY2RzYS1zaGEyLW5pc3RwMzg0AAAAagAAADEApAkaV2ik5N/AzEDt3Hwr1anG49QEp2W5QkYGMHzmW4Dh7rEccBZA+JlELQ5dzSEyAAAAMQDIiTWT9ntSsZy2QxonSjTfIMdag4kNqPwYEfevO3GOj6HY5qcI2vJ3jptiq921HJc=',
  },
  p521: {
    key: 'ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAANvw7i6XZ41jGv0+MjH+O5iF1cgIp5/tUqQDAe950apMbqWt+hgZUFAzzSqvFbGHpDdB2jW3cmbWpU62n0IwXwJgE/RXCs0Zsx1VSzM10Cjf4PL5gLYszunoYDatpvv57/jB+4xRZAoAoUDO+QlgjuDKLtgs0svKHRbWPml82Xc7B2AQ==',
    signature:
      'U1NIU0lHAAAAAQAAAKwAAAATZWNkc2Etc2hhMi1uaXN0cDUyMQAAAAhuaXN0cDUyMQAAAIUEAA2/DuLpdnjWMa/T4yMf47mIXVyAinn+1SpAMB73nRqkxupa36GBlQUDPNKq8VsYekN0HaNbdyZtalTrafQjBfAmAT9FcKzRmzHVVLMzXQKN/g8vmAtizO6ehgNq2m+/nv+MH7jFFkCgChQM75CWCO4Mou2CzSy8odFtY+aXzZdzsHYBAAAAD3dpbmRsYXNzLWJ1bmRsZQAAAAAAAAAGc2hhNTEyAAAApgAAABNlY2RzYS1zaGEyLW5pc3RwNTIxAAAAiwAAAEIBqPQTOHzaE0l2aAKIHPgKZKVwD5cwmiaIMK22/1WtduW6XvjWvh1n93k+g5JnmZcAlpvuwx5DSbr4T/9ep/CVBF8AAABBEbMA4emeFKZpWWqTkuhYCGashh0DQk/hpMY2HNVQuEMNvaRELHMS5N/iY4Q4Z1GzSsOn3zAehjJGd/0emh91Ysk=',
  },
};
/** The same, of the first key, but for `-n other`. */
const FOR_OTHERS =
  'U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgI3x90oC2BMpLhYxGVTJfw8xp6wkyk6VT7keOfb8v2lAAAAAFb3RoZXIAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVkMjU1MTkAAABA2wAvEII//zp5Pb5tAfZ2jMsNH7uC4B2F8YUID9FqC+rWmPOEK6hkiqQOAqOB1jsu0sbq+XK4n3VeSk9h7BO/Cw==';

const armoured = (body: string): string =>
  `-----BEGIN SSH SIGNATURE-----\n${body.replace(/.{70}/g, '$&\n')}\n-----END SSH SIGNATURE-----\n`;
const TODAY = new Date('2026-06-01T12:00:00Z');
const signed = (text: string, body: string, keys: string): void =>
  checkSshSignature(text, armoured(body), readSshKeys(keys, TODAY));
const { ed25519, p256 } = MADE;
const all = Object.values(MADE)
  .map(({ key }) => key)
  .join('\n');

it.each(Object.entries(MADE))('verifies what ssh-keygen signed with %s', (_, { key, signature }) => {
  signed('hello\n', signature, `${key} me@here\n`);
  signed('hello\n', signature, all);
  expect(() => signed('hello', signature, key)).toThrow('does not belong to this bundle');
  const bytes = Buffer.from(signature, 'base64');
  bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1);
  expect(() => signed('hello\n', bytes.toString('base64'), key)).toThrow('does not belong to this bundle');
});

it('refuses another key, another purpose, and what is cut short', () => {
  expect(() => signed('hello\n', ed25519.signature, p256.key)).toThrow('signed with another key');
  expect(() => signed('hello\n', FOR_OTHERS, ed25519.key)).toThrow('made for "other", not for "windlass-bundle"');
  for (const length of [0, 5, 9, 40, 120])
    expect(() => signed('hello\n', ed25519.signature.slice(0, length), ed25519.key)).toThrow('is damaged');
  expect(() => checkSshSignature('hello\n', '-----BEGIN SSH SIGNATURE-----\n', [])).toThrow('is damaged');
});

/** Options of the one line → whether its key may sign today. */
it.each([
  ['', true],
  ['namespaces="git,windlass-*"', true],
  ['namespaces="git"', false],
  ['namespaces="*,!windlass-bundle"', false],
  ['valid-after="20260101",valid-before="20261231"', true],
  ['valid-after="20260602"', false],
  ['valid-before="202606011159Z"', false],
  ['valid-before="20260601120001Z"', true],
  ['cert-authority', false],
  ['cert-authority,namespaces="windlass-bundle"', false],
])('allowed signers: %s', (options, expected) => {
  const line = `# the team\n\nme@here,*@there ${options} ${ed25519.key} a comment\n`;
  const check = (): void => signed('hello\n', ed25519.signature, line);
  if (expected) check();
  else expect(check).toThrow('none of the allowed signers may sign');
});

it('tells its keys from other texts', () => {
  expect(isSshKeys(ed25519.key)).toBe(true);
  expect(isSshKeys(`"some one@here" namespaces="x" ${p256.key}`)).toBe(true);
  for (const other of ['', `# ${ed25519.key}`, 'RWQSU/kV7MrivR5mHIz9sYG3d2GR0bFrMrYS2D6rmACi16wXTxxbJx17'])
    expect(isSshKeys(other), other).toBe(false);
});

it('a key that is damaged, or of a kind that cannot be checked, is refused', () => {
  const blob = Buffer.from(p256.key.split(' ')[1] ?? '', 'base64');
  const text = Buffer.from(p256.signature, 'base64');
  // The same point, but not on the curve any more: in the list and in the signature.
  const [key, signature] = [blob, text].map((bytes) => {
    const copy = Buffer.from(bytes);
    const at = copy.indexOf(blob.subarray(-8));
    copy.writeUInt8((copy[at] ?? 0) ^ 1, at);
    return copy.toString('base64');
  });
  expect(() => signed('hello\n', signature ?? '', `ecdsa-sha2-nistp256 ${key}`)).toThrow('the public key is damaged');
  const renamed = (value: string): string =>
    Buffer.from(value, 'base64').toString('latin1').replaceAll('ssh-ed25519', 'ssh-ed25518');
  const body = Buffer.from(renamed(ed25519.signature), 'latin1').toString('base64');
  const other = Buffer.from(renamed(ed25519.key.split(' ')[1] ?? ''), 'latin1').toString('base64');
  expect(() => signed('hello\n', body, `ssh-ed25518 ${other}`)).toThrow('"ssh-ed25518" keys cannot be checked');
});
