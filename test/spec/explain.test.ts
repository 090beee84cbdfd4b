// Where values come from: files, overrides, files of variables, the shell, defaults.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatExplanation } from '../../src/cli/explain-config.ts';
import { type ExplainedValue, explainProject } from '../../src/spec/explain.ts';

const FILES = {
  '.env': 'TAG=1.27\n# a comment\nexport PORT=8080\nTAG=1.28\n',
  'web.env': 'A=1\nB=2\n',
  'base.yaml': 'services:\n  base:\n    user: "1000"\n    environment:\n      FROM: base\n',
  'compose.yaml': `services:
  web:
    extends: {file: base.yaml, service: base}
    image: nginx:\${TAG:-latest}
    env_file: web.env
    environment:
      - LEVEL=\${LEVEL:-info}
      - ME=$SOMEBODY
      - NOBODY=$NOBODY
      - B=3
    ports: ["\${PORT}:80"]
    restart: \${RESTART:-always}
`,
  'compose.override.yaml': 'services:\n  web:\n    image: mine:${TAG}\n    environment: {LEVEL: debug}\n',
};

let cwd = '';
let explained: readonly ExplainedValue[] = [];
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'windlass-explain-'));
  await Promise.all(Object.entries(FILES).map(([name, text]) => writeFile(join(cwd, name), text)));
  const env = { SOMEBODY: 'me' };
  explained = await explainProject({ cwd, env, files: [], envFiles: [], profiles: [], projectName: 'shop' });
});
afterAll(() => rm(cwd, { recursive: true }));

describe('a value', () => {
  it.each([
    ['of an override', 'web.image', 'mine:1.28  ← compose.override.yaml:3:12, TAG from .env:4, over compose.yaml:4:12'],
    ['of a file', 'web.environment.B', '3  ← compose.yaml:10:9'],
    [
      'of an override in another form',
      'web.environment.LEVEL',
      'debug  ← compose.override.yaml:4:26, over compose.yaml:7:9',
    ],
    ['of the shell', 'web.environment.ME', 'me  ← compose.yaml:8:9, SOMEBODY from the shell'],
    ['of nobody', 'web.environment.NOBODY', '  ← compose.yaml:9:9, NOBODY from nowhere: it is not set'],
    ['of a default in the file', 'web.restart', 'always  ← compose.yaml:12:14, RESTART from its default'],
    ['of a file of variables', 'web.environment.A', '1  ← web.env:1:1'],
    ['of what is extended', 'web.user', '1000  ← base.yaml:3:11'],
    ['of a short form', 'web.ports[0].published', '8080  ← compose.yaml:11:13, PORT from .env:3'],
    ['that nobody wrote', 'networks.default.name', 'shop_default  ← a default'],
  ])('%s', (_, path, expected) => {
    const full = path.startsWith('networks') ? path : `services.${path}`;
    expect(formatExplanation(explained, [path])).toBe(`${full}: ${expected}\n`);
  });

  it('is found below a path, and what is not there is said', () => {
    expect(formatExplanation(explained, ['web.environment']).split('\n')).toHaveLength(7);
    expect(() => formatExplanation(explained, ['web.imag'])).toThrow('nothing is at "web.imag"');
  });

  it('is told of what comes by standard input, which comes once', async () => {
    const inputs = ['services: {web: {image: "a:1", env_file: web.env}}\n'];
    const values = await explainProject({
      ...{ cwd, env: {}, envFiles: [], profiles: [], projectName: 'shop' },
      files: ['-'],
      readStdin: async () => inputs.pop() ?? '',
    });
    expect(formatExplanation(values, ['web.image', 'web.environment'])).toBe(
      'services.web.image: a:1  ← standard input:1:25\n' +
        'services.web.environment.A: 1  ← web.env:1:1\nservices.web.environment.B: 2  ← web.env:2:1\n',
    );
  });

  it('is told once', () => {
    expect(new Set(explained.map(({ path }) => path)).size).toBe(explained.length);
  });
});
