// Makes a bundle of the project at hand.
import { basename, join } from 'node:path';
import { writeTar } from '../../archive/tar-writer.ts';
import type { Project } from '../../model.ts';
import { upOptions } from '../../planner/options.ts';
import { PlanBuilder } from '../../planner/plan-builder.ts';
import { reconcileImages } from '../../planner/reconcile-images.ts';
import { imageOf } from '../../planner/services.ts';
import { BundleError } from '../../shipping/bundle/bundle-error.ts';
import { contextRules } from '../../shipping/bundle/context-rules.ts';
import { blobPath, layoutOf } from '../../shipping/bundle/image-layout.ts';
import {
  type BundleManifest,
  type BundleNeeds,
  byBytes,
  FILES_PATH,
  LOCK_PATH,
  MODEL_PATH,
} from '../../shipping/bundle/manifest.ts';
import { variableNeeds } from '../../shipping/bundle/needs.ts';
import { filesToPack } from '../../shipping/bundle/pack-files.ts';
import { fetchImage } from '../../shipping/bundle/registry-images.ts';
import { bundledImages, type ImageSources, imageUses, saveImages } from '../../shipping/bundle/save-images.ts';
import { Spool } from '../../shipping/bundle/spool.ts';
import { saveVolumes } from '../../shipping/bundle/volumes.ts';
import { type Part, type WrittenBundle, writeBundle } from '../../shipping/bundle/write-bundle.ts';
import { pulledBy } from '../../shipping/lock/wanted-images.ts';
import type { CommandContext } from '../context.ts';
import { lockPath, lockText, readLock } from '../lock/lock-store.ts';
import { readBuilds } from '../lock/read-builds.ts';
import { repository } from '../lock/registry-facts.ts';
import { perform } from '../perform.ts';
import { volumePlaces } from '../volume-places.ts';
import { type Gathered, gather, knownValues } from './gather.ts';
import { signerFrom } from './keys.ts';

export interface SaveOptions {
  /** Absolute; by default `<project>.windlass.tar` in the current folder. */
  readonly output: string | undefined;
  readonly images: boolean;
  readonly volumes: boolean;
  /** Empty = the engine's own. */
  readonly platforms: readonly string[];
  readonly includeEnv: readonly string[];
  readonly withSecrets: readonly string[];
  /** File of a secret key: minisign's, or SSH's. */
  readonly signingKey: string | undefined;
}

export interface SavedBundle extends WrittenBundle {
  readonly output: string;
  /** Files of services that hold variables, and went in with their values. */
  readonly envFilesWithValues: readonly string[];
}

export async function saveBundle(context: CommandContext, options: SaveOptions): Promise<SavedBundle> {
  const gathered = await gather(context, { contexts: !options.images, withSecrets: options.withSecrets });
  const { project, placed } = gathered;
  checkSecrets(project, options.withSecrets);
  const { signingKey } = options;
  // A key that does not open is told before anything is gathered.
  const sign = signingKey && (await signerFrom(signingKey, context, project.name));
  const output = options.output ?? join(context.cwd, `${project.name}.windlass.tar`);
  const spool = await Spool.beside(output);
  try {
    const parts = new Map<string, Part>();
    const images = options.images ? await putImages(context, project, options.platforms, spool, parts) : [];
    const entries = await filesToPack({
      root: placed.root,
      take: placed.take,
      leave: [...placed.leave, output, spool.folder],
      texts: gathered.texts,
      contexts: await contextRules(project, placed.contexts),
      onSkipped: (path, why) => context.warn(`"${path}" stays out of the bundle: it is ${why}`),
    });
    parts.set(FILES_PATH, await spool.put(writeTar(entries)));
    if (gathered.model !== undefined) parts.set(MODEL_PATH, gathered.model);
    const lock = readLock(lockPath(context));
    if (lock !== undefined) parts.set(LOCK_PATH, lockText(lock));
    const volumes = options.volumes ? await putVolumes(context, project, spool, parts) : [];
    const { needs, environment } = await needsOf(gathered, options);
    const manifest: Omit<BundleManifest, 'version' | 'contents'> = {
      project: {
        name: project.name,
        directory: placed.directory,
        composeFiles: placed.topFiles,
        profiles: project.profiles.filter((profile) => profile !== '').sort(byBytes),
      },
      images,
      volumes,
      needs,
      environment,
    };
    const written = await writeBundle({ manifest, parts, output, ...(sign ? { sign } : {}) });
    return { ...written, output, envFilesWithValues: placed.withValues.map(({ path }) => basename(path)) };
  } finally {
    await spool.remove();
  }
}

function checkSecrets({ secrets }: Project, wanted: readonly string[]): void {
  const unknown = wanted.find((name) => secrets[name] === undefined);
  if (unknown !== undefined)
    throw new BundleError(`there is no secret "${unknown}"`, {
      hint: `the secrets are: ${Object.keys(secrets).sort().join(', ') || 'none'}`,
    });
}

/** Brings what is missing, as `up` would, and takes every image out of the engine. */
async function putImages(
  context: CommandContext,
  project: Project,
  platforms: readonly string[],
  spool: Spool,
  parts: Map<string, Part>,
): Promise<BundleManifest['images']> {
  await perform(context, {
    project,
    title: 'Preparing images',
    exclusive: false,
    plan: (observation) => {
      const plan = new PlanBuilder(project.name, 'pull');
      reconcileImages(plan, project, observation, upOptions({}));
      return plan.build();
    },
  });
  const uses = imageUses(project, (service) => imageOf(project, service));
  const engine = await context.engine(project.name);
  const fetch: ImageSources['fetch'] = async (reference, platform) => {
    const { client, version, name } = await repository(context, reference);
    return fetchImage(client, version, name, platform, spool);
  };
  const saved = await saveImages(uses, { engine, platforms, fetch }, spool, context.signal);
  const layout = layoutOf(saved);
  for (const [path, text] of layout.documents) parts.set(path, text);
  for (const { platforms } of saved)
    for (const { config, layers } of platforms)
      for (const blob of [config, ...layers]) parts.set(blobPath(blob.digest), blob);
  return bundledImages(saved, uses, layout);
}

async function putVolumes(
  context: CommandContext,
  project: Project,
  spool: Spool,
  parts: Map<string, Part>,
): Promise<BundleManifest['volumes']> {
  const engine = await context.engine(project.name);
  const saved = await saveVolumes({
    ...{ engine, project, spool, signal: context.signal },
    placeOf: volumePlaces(context, project, engine),
  });
  return saved.map(({ content, ...volume }) => {
    parts.set(volume.path, content);
    return volume;
  });
}

async function needsOf(
  { project, placed, mentions }: Gathered,
  options: SaveOptions,
): Promise<{ needs: BundleNeeds; environment: Readonly<Record<string, string>> }> {
  const secretVariables = options.withSecrets.flatMap((name) => project.secrets[name]?.environment || []);
  const { variables, environment } = variableNeeds({
    mentions,
    values: await knownValues(project, placed),
    include: [...new Set([...options.includeEnv, ...secretVariables])],
  });
  const external = (
    record: Readonly<Record<string, { readonly name: string; readonly external?: boolean }>>,
  ): string[] =>
    Object.values(record)
      .flatMap(({ name, external = false }) => (external ? [name] : []))
      .sort(byBytes);
  const needs = {
    variables,
    secretFiles: placed.secretFiles,
    hostPaths: placed.hostPaths,
    networks: external(project.networks),
    volumes: external(project.volumes),
    images: options.images ? [] : await imagesToBring(project),
  };
  return { needs, environment };
}

/** What the receiver's engine has to have or pull, when there are no images in the bundle. */
async function imagesToBring(project: Project): Promise<string[]> {
  // Of a build in a repository nothing is known here.
  const builds = await readBuilds(project).catch(() => []);
  const pulled = Object.values(project.services).flatMap(pulledBy);
  return [...new Set([...pulled, ...builds.flatMap(({ references }) => references)])].sort(byBytes);
}
