// A project from a bundle held to its lock: what the bundle brings is what was locked; all else is as the lock in it says.
import type { Project, Service } from '../../model.ts';
import { LOCK_PATH } from '../../shipping/bundle/manifest.ts';
import { contentsOf } from '../../shipping/bundle/read-bundle.ts';
import { applyLock } from '../../shipping/lock/apply-lock.ts';
import { LockError, type LockFile } from '../../shipping/lock/lock-file.ts';
import { pulledBy } from '../../shipping/lock/wanted-images.ts';
import type { CommandContext } from '../context.ts';
import { type Hold, lockedInclude } from '../lock/hold.ts';
import { parseLock } from '../lock/lock-store.ts';
import { readBuilds } from '../lock/read-builds.ts';
import type { RaisedBundle } from './raise.ts';

/** `apply` wants the project as `withBundle` leaves it. A bundle without a lock is refused only where one is needed. */
export async function holdBundleToLock(context: CommandContext, { file, bundle }: RaisedBundle): Promise<Hold> {
  const lock = bundle.manifest.contents.some(({ path }) => path === LOCK_PATH) ? await bundledLock(file) : undefined;
  const brought = new Set(bundle.manifest.images.map(({ reference }) => reference));
  const isBrought = (service: Service): boolean =>
    service.build === undefined && pulledBy(service).every((reference) => brought.has(reference));
  return {
    remote: {
      fetch: (reference) => context.remote.fetch(lockedInclude(required(lock, `file ${reference}`), reference)),
    },
    async apply(project) {
      const others = Object.entries(project.services).filter(([, service]) => !isBrought(service));
      if (others.length === 0) return project;
      const left: Project = { ...project, services: Object.fromEntries(others) };
      const names = others.map(([name]) => name).join(', ');
      const held = applyLock(left, required(lock, `the images of ${names}`), await readBuilds(left));
      return { ...project, services: { ...project.services, ...held.services } };
    },
  };
}

async function bundledLock(file: string): Promise<LockFile | undefined> {
  for await (const { content, bytes } of contentsOf(file)) {
    if (content.path !== LOCK_PATH) continue;
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes()) chunks.push(chunk);
    return parseLock(Buffer.concat(chunks).toString('utf8'));
  }
  return undefined;
}

function required(lock: LockFile | undefined, what: string): LockFile {
  if (lock !== undefined) return lock;
  throw new LockError(`the bundle holds no ${LOCK_PATH}, and ${what} would be as they are today`, {
    hint: 'run "windlass lock" where the bundle is made, and save it again; or leave out --locked and COMPOSE_LOCKED',
  });
}
