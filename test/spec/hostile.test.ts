// Input that is made to hurt ends in a clear error, each time in a process of its own: within a second and 300 MB.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const LIMIT_MS = 1000;
const LIMIT_KB = 300 * 1024;
const loader = fileURLToPath(new URL('../support/load-measured.ts', import.meta.url));

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'windlass-hostile-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Outcome {
  readonly message: string;
  readonly milliseconds: number;
  readonly maxRssKb: number;
}

/** Loads the project of a directory in a child process, which tells how long it took and how much memory it came to. */
function load(name: string, files: Readonly<Record<string, string | Buffer>>, file?: string): Outcome {
  const project = join(directory, name);
  mkdirSync(project, { recursive: true });
  for (const [path, content] of Object.entries(files)) writeFileSync(join(project, path), content);
  return loadDirectory(project, file);
}

function loadDirectory(project: string, file?: string): Outcome {
  const args = [loader, project, ...(file === undefined ? [] : [file])];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });
  if (stdout === '') throw new Error(`the loader said nothing: ${stderr}`);
  return JSON.parse(stdout) as Outcome;
}

function expectRefused(outcome: Outcome, message: RegExp): void {
  expect(outcome.message).toMatch(message);
  expect(outcome.milliseconds).toBeLessThan(LIMIT_MS);
  expect(outcome.maxRssKb).toBeLessThan(LIMIT_KB);
}

/** Nine levels of nine aliases each: 9^9 values once expanded. */
const aliasBomb = (open: string, close: string, item: (name: string) => string): string => {
  const levels = 'abcdefghi'.split('').map((name, level) => {
    const items = level === 0 ? Array(9).fill('lol') : Array(9).fill(item(`*${'abcdefghi'[level - 1]}`));
    return `x-${name}: &${name} ${open}${items.join(', ')}${close}`;
  });
  return `${levels.join('\n')}\nservices:\n  web:\n    image: nginx\n    labels: *i\n`;
};

describe('hostile input', () => {
  it('an alias bomb of lists', () => {
    expectRefused(load('bomb', { 'compose.yaml': aliasBomb('[', ']', (alias) => alias) }), /alias/);
  });

  it('an alias bomb of merge keys', () => {
    const levels = Array.from({ length: 25 }, (_, level) =>
      level === 0 ? 'x-0: &a0 {k: v}' : `x-${level}: &a${level} {l: *a${level - 1}, r: *a${level - 1}}`,
    );
    const text = `${levels.join('\n')}\nservices:\n  web:\n    image: nginx\n    x-bomb: *a24\n`;
    expectRefused(load('merge-bomb', { 'compose.yaml': text }), /alias/);
  });

  it('an alias to what it stands in', () => {
    expectRefused(load('self', { 'compose.yaml': 'services: &s\n  web: *s\n' }), /compose\.yaml:2:\d+: /);
  });

  it.each([
    ['lists', '['.repeat(10_000)],
    ['mappings', '{a: '.repeat(10_000)],
    ['list items', `x-deep:\n  ${'- '.repeat(10_000)}a`],
  ])('ten thousand nested %s', (name, text) => {
    expectRefused(load(`deep-${name.replace(' ', '-')}`, { 'compose.yaml': text }), /nest/);
  });

  it('a scalar of 100 MB', () => {
    const text = Buffer.concat([
      Buffer.from('services:\n  web:\n    image: "'),
      Buffer.alloc(100_000_000, 'a'),
      Buffer.from('"\n'),
    ]);
    expectRefused(load('huge', { 'compose.yaml': text }), /MB|large/);
  });

  it('an env file of 100 MB', () => {
    const files = { 'compose.yaml': 'services:\n  web:\n    image: nginx\n    env_file: web.env\n' };
    const env = Buffer.concat([Buffer.from('A='), Buffer.alloc(100_000_000, 'a')]);
    expectRefused(load('huge-env', { ...files, 'web.env': env }), /MB|large/);
  });

  it('variables of an env file that double from line to line', () => {
    const lines = Array.from({ length: 60 }, (_, index) => `V${index + 1}=\${V${index}}\${V${index}}`);
    const files = {
      'compose.yaml': 'services: {web: {image: nginx, env_file: a.env}}',
      'a.env': `V0=ab\n${lines.join('\n')}`,
    };
    expectRefused(load('doubling', files), /a\.env:23:11: the value grows to more than 4194304 characters/);
  });

  it('files that include each other', () => {
    const files = {
      'compose.yaml': 'include: [other.yaml]\nservices: {web: {image: nginx}}\n',
      'other.yaml': 'include: [compose.yaml]\n',
    };
    expectRefused(load('include', files), /include/);
  });

  it('services that extend each other across files', () => {
    const extend = (file: string) => `services:\n  web:\n    extends: {file: ${file}, service: web}\n`;
    const files = { 'compose.yaml': extend('other.yaml'), 'other.yaml': extend('compose.yaml') };
    expectRefused(load('extends', files), /extends/);
  });

  it('a chain of a thousand extends', () => {
    const services = Array.from({ length: 1000 }, (_, index) => `  s${index}:\n    extends: s${index + 1}\n`).join('');
    const outcome = load('chain', { 'compose.yaml': `services:\n${services}  s1000:\n    image: nginx\n` });
    expect(outcome.milliseconds).toBeLessThan(LIMIT_MS);
    expect(outcome.maxRssKb).toBeLessThan(LIMIT_KB);
  });

  it('variables nested ten thousand deep', () => {
    const value = `${'${A:-'.repeat(10_000)}${'}'.repeat(10_000)}`;
    const text = `services:\n  web:\n    image: nginx\n    hostname: "${value}"\n`;
    expectRefused(load('variables', { 'compose.yaml': text }), /nested/);
  });

  it('a directory, a device and a pipe as the file', () => {
    expectRefused(load('directory', {}, '/tmp'), /directory/);
    expectRefused(load('device', {}, '/dev/zero'), /\/dev\/zero/);
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expectRefused(load('fifo', {}, pipe), /pipe/);
  });

  it('block mappings nested as deep as a file of 16 MB allows', () => {
    const text = Array.from({ length: 5_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n');
    expectRefused(load('deep-block', { 'compose.yaml': text }), /nest/);
  });

  it('a device as env file and extended file', () => {
    const service = (line: string) => ({ 'compose.yaml': `services:\n  web:\n    image: nginx\n    ${line}\n` });
    expectRefused(load('env-device', service('env_file: /dev/zero')), /\/dev\/zero/);
    expectRefused(load('extends-device', service('extends: {file: /dev/zero, service: a}')), /\/dev\/zero/);
  });

  it('a pipe that nobody writes to, wherever a file is named', () => {
    const pipe = join(directory, 'pipe-2');
    execFileSync('mkfifo', [pipe]);
    const include = { 'compose.yaml': `include: [${pipe}]\nservices: {web: {image: nginx}}\n` };
    expectRefused(load('include-fifo', include), /^loaded: web$/);
    const envFile = { 'compose.yaml': `services: {web: {image: nginx, env_file: ${pipe}}}\n` };
    expectRefused(load('env-fifo', envFile), /^loaded: web$/);
  });

  it('bytes that are no UTF-8', () => {
    const text = Buffer.from('services:\n  web:\n    image: caf\xe9\n', 'latin1');
    expectRefused(load('latin1', { 'compose.yaml': text }), /compose\.yaml:3:15: .*UTF-8/);
  });

  it('zero bytes and control characters', () => {
    expectRefused(load('zero', { 'compose.yaml': 'services:\n  web:\n    image: a\0b\n' }), /compose\.yaml:3:/);
  });

  it('keys that mean something to JavaScript', () => {
    const text = 'services:\n  __proto__:\n    image: nginx\n  constructor:\n    image: nginx\n';
    expectRefused(load('prototype', { 'compose.yaml': text }), /"__proto__" cannot be a key/);
    const fine = text.replace('__proto__', 'toString');
    expect(load('prototype-2', { 'compose.yaml': fine }).message).toBe('loaded: constructor, toString');
  });
});
