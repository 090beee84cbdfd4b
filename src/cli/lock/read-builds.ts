// The Dockerfiles of a project's builds, read for the images they begin from.
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { reasonOf } from '../../errors.ts';
import type { Project, Service } from '../../model.ts';
import { buildRequest } from '../../planner/build-request.ts';
import type { ReadBuild } from '../../shipping/lock/apply-lock.ts';
import { basesOf } from '../../shipping/lock/dockerfile-bases.ts';
import { LockError } from '../../shipping/lock/lock-file.ts';

/** Every build of the project. Throws LockError for one whose Dockerfile cannot be read, or is on another machine. */
export async function readBuilds(project: Project): Promise<ReadBuild[]> {
  const builds: ReadBuild[] = [];
  for (const service of Object.values(project.services)) {
    if (service.build === undefined) continue;
    const dockerfile = await dockerfileOf(service);
    const { args } = buildRequest(project, service);
    const contexts = service.build.additional_contexts ?? {};
    const options = { args, contexts: Object.keys(contexts) };
    // The arguments that every build has.
    const predefined = { TARGETPLATFORM: '', BUILDPLATFORM: '', ...args };
    const fromContexts = Object.values(contexts).flatMap((source) => /^docker-image:\/\/(.+)$/.exec(source)?.[1] ?? []);
    const bases = basesOf(dockerfile, { ...options, args: predefined });
    const empty = bases.find(({ reference }) => reference === '');
    if (empty !== undefined)
      throw new LockError(
        `build of ${service.name}: line ${empty.line} names an image "${empty.written}" that comes out empty`,
        {
          hint: 'give its argument a value in "build.args", or a default in the Dockerfile',
        },
      );
    const references = [...bases.map(({ reference }) => reference), ...fromContexts];
    builds.push({ service: service.name, dockerfile, options, references: [...new Set(references)] });
  }
  return builds;
}

async function dockerfileOf({ name, build = {} }: Service): Promise<string> {
  const { context = '.', dockerfile = 'Dockerfile', dockerfile_inline: inline } = build;
  if (inline !== undefined) return inline;
  if (/^(?:[a-z]+:\/\/|git@|github\.com\/)/.test(context))
    throw new LockError(
      `the build of ${name} is in a repository ("${context}"), whose Dockerfile a lock does not reach`,
      {
        hint: 'build from a folder, or name an image instead',
      },
    );
  const path = isAbsolute(dockerfile) ? dockerfile : join(context, dockerfile);
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LockError(`cannot read the Dockerfile of ${name}: ${reasonOf(cause)}`, {
      cause,
      hint: 'correct "build.context" and "build.dockerfile"',
    });
  });
}
