import { describe, expect, it } from 'vitest';
import { loadFiles } from '../support/spec-files.ts';

describe('extends', () => {
  it('puts a service on top of another of the same file', async () => {
    const { project } = await loadFiles({
      'compose.yaml': `
services:
  base: {image: a, environment: {A: 1, B: 2}, ports: ["80:80"]}
  web: {extends: base, environment: [B=3], ports: ["81:80"]}
`,
    });
    expect(project.services.web).toMatchObject({
      image: 'a',
      environment: { A: '1', B: '3' },
      ports: [{ published: '80' }, { published: '81' }],
    });
    expect(project.services.web).not.toHaveProperty('extends');
  });

  it('follows chains, in whatever order they stand', async () => {
    const { project } = await loadFiles({
      'compose.yaml': `
services:
  c: {extends: b, labels: {c: "1"}}
  b: {extends: {service: a}, labels: {b: "1"}}
  a: {image: x, labels: {a: "1"}}
`,
    });
    expect(project.services.c?.labels).toEqual({ a: '1', b: '1', c: '1' });
  });

  it('makes paths of another file relative to that file', async () => {
    const { project, folder } = await loadFiles({
      'compose.yaml': 'services: {web: {extends: {file: sub/base.yaml, service: base}}}',
      'sub/base.yaml': `
services:
  base: {image: x, build: ./app, env_file: base.env, volumes: ["./data:/data"], extends: {file: deep/root.yaml, service: root}}
`,
      'sub/base.env': 'FROM=base',
      'sub/deep/root.yaml': 'services: {root: {image: y, volumes: ["./root:/root"], user: u}}',
    });
    expect(project.services.web).toMatchObject({
      image: 'x',
      user: 'u',
      build: { context: `${folder}/sub/app` },
      environment: { FROM: 'base' },
      volumes: [{ source: `${folder}/sub/deep/root` }, { source: `${folder}/sub/data` }],
    });
  });

  it('does not take networks and volumes of another file along', async () => {
    const files = {
      'compose.yaml': 'services: {web: {extends: {file: base.yaml, service: base}}}',
      'base.yaml': 'services: {base: {image: x, networks: [n]}}\nnetworks: {n: {}}',
    };
    await expect(loadFiles(files)).rejects.toThrow('service "web": network "n" is not declared');
  });

  it('drops what the extending service resets', async () => {
    const { project } = await loadFiles({
      'compose.yaml': `
services:
  base: {image: a, ports: ["80:80"], labels: {a: "1"}, command: x}
  web:
    extends: base
    ports: !override ["81:80"]
    labels: !reset null
`,
    });
    expect(project.services.web?.ports).toMatchObject([{ published: '81' }]);
    expect(project.services.web).not.toHaveProperty('labels');
  });

  it('resets alike at every step of a chain', async () => {
    const { project } = await loadFiles({
      'compose.yaml': `
services:
  a: {image: a, ports: ["80:80"]}
  b: {extends: a, ports: !reset []}
  c: {extends: b}
`,
    });
    expect(project.services.b).not.toHaveProperty('ports');
    expect(project.services.c).not.toHaveProperty('ports');
  });

  it.each([
    [
      'services: {a: {extends: b}, b: {extends: a}}',
      /"extends" leads in a circle: "a" in compose\.yaml → "b" in compose\.yaml → "a"/,
    ],
    ['services: {web: {extends: bse}, base: {image: x}}', /extends service "bse"[\s\S]*did you mean "base"\?/],
    ['services: {web: {extends: {file: none.yaml, service: a}}}', /there is no file "none\.yaml"/],
    ['services: {web: {extends: {}}}', /"extends" needs a "service"/],
    ['services: {web: {extends: {file: "oci://x/y", service: a}}}', /"oci:\/\/x\/y" is not on this machine/],
  ])('refuses %s', async (text, message) => {
    await expect(loadFiles({ 'compose.yaml': text })).rejects.toThrow(message);
  });
});

describe('include', () => {
  it('loads a model from its own folder, with its own variables', async () => {
    const { project, folder } = await loadFiles({
      'compose.yaml': 'include: [sub/compose.yaml]\nservices: {web: {image: "x:$TAG", depends_on: [db]}}',
      '.env': 'TAG=outer',
      'sub/compose.yaml':
        'services: {db: {image: "y:$TAG-$OWN", volumes: ["./d:/d1"], networks: [n]}}\nnetworks: {n: {}}',
      'sub/.env': 'TAG=inner\nOWN=own',
    });
    expect(project.services.web?.image).toBe('x:outer');
    expect(project.services.db).toMatchObject({ image: 'y:outer-own', volumes: [{ source: `${folder}/sub/d` }] });
    expect(project.networks.n?.name).toBe('test_n');
  });

  it('takes configs and secrets of an included file from its variables', async () => {
    const { project } = await loadFiles({
      'compose.yaml': 'include: [sub/compose.yaml]',
      'sub/compose.yaml':
        'services: {s: {image: x, configs: [c], secrets: [t]}}\nconfigs: {c: {environment: CONF}}\nsecrets: {t: {environment: TOKEN}}',
      'sub/.env': 'CONF=conf\nTOKEN=token',
    });
    expect(project.configs.c).toMatchObject({ environment: 'CONF', content: 'conf' });
    expect(project.secrets.t).toMatchObject({ environment: 'TOKEN', content: 'token' });
  });

  it('merges the files of one entry and takes its folder and env files', async () => {
    const { project, folder } = await loadFiles({
      'compose.yaml': 'include: [{path: [a/a.yaml, a/b.yaml], project_directory: other, env_file: my.env}]',
      'a/a.yaml': 'services: {s: {image: "x:$V", build: .}}',
      'a/b.yaml': 'services: {s: {user: u}}',
      'my.env': 'V=1',
      'other/Dockerfile': 'FROM scratch',
    });
    expect(project.services.s).toMatchObject({ image: 'x:1', user: 'u', build: { context: `${folder}/other` } });
  });

  it('accepts the same resource twice, and lets override files change it', async () => {
    const { project } = await loadFiles(
      {
        'compose.yaml': 'include: [a.yaml, b.yaml]',
        'override.yaml': 'services: {s: {user: u}}',
        'a.yaml': 'include: [common.yaml]',
        'b.yaml': 'include: [common.yaml]',
        'common.yaml': 'services: {s: {image: x}}',
      },
      { files: ['compose.yaml', 'override.yaml'] },
    );
    expect(project.services.s).toMatchObject({ image: 'x', user: 'u' });
  });

  it.each([
    ['include: [a.yaml]\nservices: {s: {image: y}}', /service "s": also declared by an included file \(a\.yaml:1\)/],
    ['include: [c.yaml]', /"include" leads in a circle: compose\.yaml → c\.yaml → compose\.yaml/],
    ['include: a.yaml', /"include" must be a list/],
    ['include: [none.yaml]', /there is no file "none\.yaml"/],
  ])('refuses %s', async (text, message) => {
    const others = { 'a.yaml': 'services: {s: {image: x}}', 'c.yaml': 'include: [compose.yaml]' };
    await expect(loadFiles({ 'compose.yaml': text, ...others })).rejects.toThrow(message);
  });
});
