import { expect, it } from 'vitest';
import { loadProject } from '../../src/spec/load.ts';
import { writeFiles } from '../support/spec-files.ts';

it.each([
  ['scale: 2', undefined],
  ['scale: 2\n    deploy: {labels: {a: b}}', 2],
  ['deploy: {labels: {a: b}}', undefined],
  ['deploy: {replicas: 3}', 3],
])('deploy.replicas follows scale where there is a deploy: %j', async (lines, replicas) => {
  const cwd = writeFiles({ 'compose.yaml': `services:\n  web:\n    image: nginx\n    ${lines}\n` });
  const options = { cwd, env: {}, files: [], envFiles: [], profiles: [], projectName: 'demo' };
  const { project } = await loadProject(options);
  expect(project.services.web?.deploy?.replicas).toBe(replicas);
});
