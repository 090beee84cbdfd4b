import { describe, expect, it } from 'vitest';
import { loadFiles } from '../support/spec-files.ts';

const FILES = {
  'compose.yaml': `
services:
  web: {image: x, depends_on: {cache: {condition: service_started, required: false}}, networks: [front]}
  db: {image: x, profiles: [data], networks: [back], volumes: ["store:/var"]}
  admin: {image: x, profiles: [tools], depends_on: [web]}
  cache: {image: x, profiles: [data, fast]}
networks: {front: {}, back: {}, unused: {}}
volumes: {store: {}, spare: {}}
`,
};

describe('profiles', () => {
  it.each([
    [[], ['web']],
    [['data'], ['cache', 'db', 'web']],
    [['fast'], ['cache', 'web']],
    [['*'], ['admin', 'cache', 'db', 'web']],
    [['other'], ['web']],
  ])('%j switch on %j', async (profiles, services) => {
    const { project } = await loadFiles(FILES, { profiles });
    expect(Object.keys(project.services)).toEqual(services);
    const all = [...Object.keys(project.services), ...Object.keys(project.disabledServices)];
    expect(all.sort()).toEqual(['admin', 'cache', 'db', 'web']);
  });

  it('come from COMPOSE_PROFILES where none is given', async () => {
    const { project } = await loadFiles(FILES, { env: { COMPOSE_PROFILES: 'tools, fast' } });
    expect(Object.keys(project.services)).toEqual(['admin', 'cache', 'web']);
  });

  it('are switched on for a service that is named, and the others are left out', async () => {
    const { project } = await loadFiles(FILES, { services: ['admin'] });
    expect(Object.keys(project.services)).toEqual(['admin', 'web']);
    expect(project.services.web).not.toHaveProperty('depends_on');
    expect(Object.keys(project.disabledServices).sort()).toEqual(['cache', 'db']);
  });

  it('leave out what no enabled service uses, unless all is asked for', async () => {
    const { project } = await loadFiles(FILES, { profiles: ['data'] });
    expect([Object.keys(project.networks), Object.keys(project.volumes)]).toEqual([
      ['back', 'default', 'front'],
      ['store'],
    ]);
    const whole = await loadFiles(FILES, { allResources: true });
    expect(Object.keys(whole.project.networks)).toEqual(['back', 'default', 'front', 'unused']);
  });

  it('do not hide a service that is required', async () => {
    const files = { 'compose.yaml': 'services: {a: {image: x, depends_on: [b]}, b: {image: x, profiles: [p]}}' };
    await expect(loadFiles(files)).rejects.toThrow(
      /service "a": depends on service "b", which is disabled[\s\S]*--profile p/,
    );
  });

  it('take patterns, and one that is none for a name', async () => {
    const { project } = await loadFiles(FILES, { services: ['w?b'] });
    expect(Object.keys(project.services)).toContain('web');
    await expect(loadFiles(FILES, { services: ['w[z-a]'] })).rejects.toThrow('no such service: w[z-a]');
  });

  it('refuse a service that nobody declares', async () => {
    await expect(loadFiles(FILES, { services: ['wbe'] })).rejects.toMatchObject({
      message: 'no such service: wbe',
      hint: 'did you mean "web"?',
    });
  });
});
