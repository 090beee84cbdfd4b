import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bindMountQuestion, environmentQuestion, refusal } from '../../../src/cli/publish/checks.ts';
import { layersOf } from '../../../src/cli/publish/layers.ts';
import { findSensitive, sensitiveQuestion } from '../../../src/cli/publish/sensitive.ts';
import type { Project } from '../../../src/model.ts';
import { loadProject } from '../../../src/spec/load.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-publish-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function project(files: Readonly<Record<string, string>>): Promise<Project> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const options = { cwd: folder, env: {}, files: [], envFiles: [], profiles: [], resolveEnvironment: false };
  return (await loadProject(options)).project;
}
const textsOf = (given: Project, withEnvironment = true): string[] =>
  layersOf(given, { withEnvironment }).map(({ content }) => content.toString());

describe('the layers of a project', () => {
  it('name other files by names of their own, and leave all else as it is written', async () => {
    const loaded = await project({
      'compose.yaml': `# kept
services:
  web:
    image: nginx # kept too
    env_file: ["a.env", {path: 'b c.env', required: false}] # here
    extends: {file: sub/base.yaml, service: base}
  two:
    image: nginx
    env_file: ./a.env # same file
`,
      'sub/base.yaml': 'services: {base: {extends: {file: "../deep.yaml", service: deep}}}',
      'deep.yaml': 'services: {deep: {init: true}}',
      'a.env': 'A=1',
    });
    const [main = '', base = '', deep, env, ...none] = textsOf(loaded);
    const hash = '[0-9a-f]{64}';
    expect(main).toMatch(
      new RegExp(`^# kept
services:
  web:
    image: nginx # kept too
    env_file: \\[(${hash}\\.env), \\{path: ${hash}\\.env, required: false\\}\\] # here
    extends: \\{file: ${hash}\\.yaml, service: base\\}
  two:
    image: nginx
    env_file: \\1 # same file
$`),
    );
    expect(base).toMatch(
      new RegExp(`^services: \\{base: \\{extends: \\{file: ${hash}\\.yaml, service: deep\\}\\}\\}$`),
    );
    expect([deep, env]).toEqual(['services: {deep: {init: true}}', 'A=1']);
    expect(none).toEqual([]);
    expect(textsOf(loaded, false)).not.toContain('A=1');
  });

  it('keep references to other machines, and refuse files of this one that are included', async () => {
    const loaded = await project({
      'compose.yaml': 'include: [b.yaml]\nservices: {}',
      'b.yaml': 'services: {b: {image: x}}',
    });
    expect(() => textsOf(loaded)).toThrow('cannot publish compose file with local includes: "b.yaml"');
    writeFileSync(join(folder, 'compose.yaml'), 'include: ["oci://r/x"]\nservices: {}');
    expect(textsOf(loaded)).toEqual(['include: ["oci://r/x"]\nservices: {}']);
  });

  it('refuse a path that stands behind an alias', async () => {
    const loaded = await project({
      'compose.yaml': 'x-e: &e a.env\nservices: {web: {image: n, env_file: [*e]}}',
      'a.env': '',
    });
    expect(() => textsOf(loaded)).toThrow(/its env_file "a.env" is not written out/);
  });
});

describe('before a project is published', () => {
  it('what cannot be run elsewhere is refused', async () => {
    const loaded = await project({ 'compose.yaml': 'services: {web: {build: .}, db: {image: x}}' });
    expect(refusal(loaded, true)).toBe(
      'your Compose stack cannot be published as it only contains a build section for service(s):\n- "web"',
    );
  });

  it('variables need --with-env and a yes', async () => {
    const loaded = await project({
      'compose.yaml': `services: {web: {image: x, environment: {FOO: bar}}, db: {image: x, env_file: a.env}}
configs: {c: {environment: HOME}}`,
      'a.env': 'A=1',
    });
    expect(refusal(loaded, false)?.split('\n').slice(0, 4)).toEqual([
      'service "db" has env_file declared.',
      'service "db" has environment variable(s) declared.',
      'service "web" has environment variable(s) declared.',
      'To avoid leaking sensitive data, you must either explicitly allow the sending of environment variables by using the --with-env flag,',
    ]);
    expect(refusal(loaded, true)).toBeUndefined();
    expect(environmentQuestion(loaded)).toContain('Service/Config  web\nFOO=bar\n');
  });

  it('bind mounts need a yes', async () => {
    const loaded = await project({
      'compose.yaml': 'services: {web: {image: x, volumes: ["./d:/d:ro", "v:/v"]}}\nvolumes: {v: }',
    });
    expect(bindMountQuestion(loaded)).toContain(`web ${folder}/d:/d:ro\nAre you ok`);
    expect(bindMountQuestion({ ...loaded, services: {} })).toBeUndefined();
  });

  it.each([
    ['  - AWS_ACCESS_KEY_ID=A3TX1234567890ABCDEF', 'AWS Client ID', 'AWS_ACCESS_KEY_ID'],
    ['AWS_SECRET_ACCESS_KEY: 12345+67890/abcdefghijklm+NOPQRSTUVWXYZ+', 'AWS Secret Key', 'AWS_SECRET_ACCESS_KEY'],
    ['GITHUB_TOKEN=ghp_1234567890abcdefghijklmnopqrstuvwxyz', 'Github authentication', 'GITHUB_TOKEN'],
    ['x: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4', 'JSON Web Token', 'x'],
    ['-----BEGIN DSA PRIVATE KEY-----', 'Private Key', ''],
    ['DB: postgres://me:hunter2@db/x', 'URL with password', 'DB'],
  ])('a credential is found in %s, and not shown', (text, kind, key) => {
    const [found, ...others] = findSensitive(`a: b\n${text}`);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ kind, key, line: 2 });
    if (key !== '') expect(text).not.toContain(found?.shown ?? '');
  });

  it.each([
    'image: nginx@sha256:0123456789012345678901234567890123456789012345678901234567890123',
    'command: echo eyJ',
    'url: https://host:8080/path@x',
    'u: postgres://me:$PASSWORD@db',
  ])('%s is no credential', (text) => {
    expect(findSensitive(text)).toEqual([]);
  });

  it('nothing is asked when nothing is found', () => {
    expect(sensitiveQuestion([{ name: 'compose.yaml', text: 'services: {}' }])).toBeUndefined();
  });
});
