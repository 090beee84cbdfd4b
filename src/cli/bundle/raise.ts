// A bundle given with `-f`: its files stand in for Compose files, its images for those of registries.
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SpecError } from '../../diagnostics.ts';
import { UsageError } from '../../errors.ts';
import { debug } from '../../log.ts';
import type { Project, Service } from '../../model.ts';
import { volumeLabels } from '../../planner/labels.ts';
import { BundleError } from '../../shipping/bundle/bundle-error.ts';
import { BundleStore, bundleFolder, type UnpackedBundle } from '../../shipping/bundle/bundle-store.ts';
import { loadImages } from '../../shipping/bundle/load-images.ts';
import { missingVariables } from '../../shipping/bundle/needs.ts';
import { looksLikeBundle } from '../../shipping/bundle/read-bundle.ts';
import { restoreVolumes } from '../../shipping/bundle/volumes.ts';
import type { CommandContext } from '../context.ts';
import { type GlobalOptions, namedFiles } from '../globals.ts';
import { volumePlaces } from '../volume-places.ts';
import { signatureCheckFrom } from './keys.ts';
import { fetchBundle, OCI_PREFIX } from './remote-bundle.ts';

type Environment = Readonly<Record<string, string>>;

export interface RaisedBundle {
  /** Absolute path of the bundle. */
  readonly file: string;
  /** The folder where the receiver puts `.env` and the files of secrets. */
  readonly beside: string;
  readonly bundle: UnpackedBundle;
  /** The global options with the unpacked files in the bundle's place. */
  readonly globals: GlobalOptions;
  readonly env: Environment;
  /** Names of variables that the receiver's env files set. */
  readonly ownSettings: ReadonlySet<string>;
}

/** Undefined where no bundle is among the files. Unpacks its files otherwise. */
export async function raiseBundle(
  globals: GlobalOptions,
  env: Environment,
  cwd: string,
): Promise<RaisedBundle | undefined> {
  const named = namedFiles(globals, env);
  const [first = ''] = named;
  const fetched = first.startsWith(OCI_PREFIX) ? await fetchBundle(first, env, globals.insecureRegistries) : undefined;
  const files = fetched === undefined ? named : [fetched, ...named.slice(1)];
  const checked = await Promise.all(
    files.map(async (file) => file !== '-' && !file.includes('://') && (await looksLikeBundle(resolve(cwd, file)))),
  );
  const at = checked.indexOf(true);
  if (at < 0) return undefined;
  if (at > 0 || checked.indexOf(true, 1) > 0)
    throw new UsageError('a bundle must be the first file, and the only bundle', {
      hint: 'name it first; Compose files after it are merged over it',
    });
  const file = resolve(cwd, files[0] ?? '');
  const bundle = await unpackTrusted(file, env, cwd);
  const { project, environment } = bundle.manifest;
  const workingDir = join(bundle.files, project.directory);
  // What lies beside a file of the user's; a bundle from a registry has its user where the user is.
  const beside = globals.projectDirectory ?? (fetched === undefined ? dirname(file) : cwd);
  const own = join(beside, '.env');
  const ownSettings = await settings(globals, own);
  return {
    file,
    beside,
    bundle,
    globals: {
      ...globals,
      files: [
        ...project.composeFiles.map((path) => join(bundle.files, path)),
        ...files.slice(1).map((path) => resolve(cwd, path)),
      ],
      projectDirectory: workingDir,
      // As for a Compose file: the `.env` beside it counts.
      envFiles: globals.envFiles.length > 0 ? globals.envFiles : existsSync(own) ? [own] : [],
      profiles: globals.profiles.length > 0 || env.COMPOSE_PROFILES ? globals.profiles : project.profiles,
    },
    env: {
      ...withoutOwn(environment, ownSettings),
      COMPOSE_PROJECT_NAME: project.name,
      ...env,
      PWD: workingDir,
    },
    ownSettings,
  };
}

/** Unpacks a bundle; one that is not signed with the key in WINDLASS_BUNDLE_KEY is refused, where there is one. */
export async function unpackTrusted(file: string, env: Environment, cwd: string): Promise<UnpackedBundle> {
  const check = env.WINDLASS_BUNDLE_KEY ? await signatureCheckFrom(env.WINDLASS_BUNDLE_KEY, cwd) : undefined;
  return new BundleStore(bundleFolder(env)).unpack(file, check);
}

/** What the user's own env file sets goes before what the bundle holds. */
const withoutOwn = (environment: Environment, own: ReadonlySet<string>): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !own.has(name)));

async function settings({ envFiles }: GlobalOptions, own: string): Promise<ReadonlySet<string>> {
  const files = (envFiles.length > 0 ? envFiles : [own]).filter((file) => existsSync(file));
  if (files.length === 0) return new Set();
  const { readEnvFiles } = await import('../../spec/read-env-files.ts');
  return new Set(Object.keys(readEnvFiles(files, {}, { displayName: (path) => path })));
}

/** The project with the bundle's images in place of names that a registry would answer, and the receiver's own secrets. */
export function withBundle(project: Project, { beside, bundle }: Pick<RaisedBundle, 'beside' | 'bundle'>): Project {
  const { manifest } = bundle;
  const images = new Map(
    manifest.images.flatMap(({ reference, services }) => services.map((name) => [name, reference])),
  );
  const adapt = (service: Service): Service => {
    const image = images.get(service.name);
    if (image === undefined) return service;
    const { build: _, ...rest } = service;
    // By the time containers are made it is there; a plan made before that says that it is to come.
    return { ...rest, image, pull_policy: 'missing' };
  };
  const left = new Map(manifest.needs.secretFiles.map(({ secret, path }) => [secret, join(beside, path)]));
  return {
    ...project,
    services: mapValues(project.services, adapt),
    secrets: mapValues(project.secrets, (secret, key) => {
      const own = left.get(key);
      return own === undefined ? secret : { ...secret, file: own };
    }),
  };
}

const mapValues = <T>(record: Readonly<Record<string, T>>, change: (value: T, key: string) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));

/** Before containers are made: what the receiver had to set, and the images. */
export async function prepareBundle(context: CommandContext, raised: RaisedBundle, project: Project): Promise<void> {
  const { manifest, digest } = raised.bundle;
  const missing = missingNeeds(raised, new Set(Object.keys(project.environment)), (key) => key in project.secrets);
  if (missing !== undefined) throw missing;
  if (context.globals.dryRun) return;
  const engine = await context.engine(project.name);
  await new BundleStore(bundleFolder(context.env)).use(digest, `${project.name} ${engine.endpoint}`);
  await loadImages(raised.file, raised.bundle, engine, context.signal);
  if (manifest.volumes.length === 0) return;
  await restoreVolumes({
    ...{ file: raised.file, bundle: raised.bundle, engine, project, signal: context.signal },
    placeOf: volumePlaces(context, project, engine),
    labelsOf: (key, volume) => volumeLabels(project, key, volume),
    onRestored: (volume) => debug('bundle', () => `filled volume "${volume}"`),
  });
}

/** What the receiver has to set and has not, all of it; undefined where there is nothing. */
function missingNeeds(
  { bundle, beside }: RaisedBundle,
  given: ReadonlySet<string>,
  isUsed: (secret: string) => boolean,
): BundleError | undefined {
  const variables = missingVariables(bundle.manifest.needs, given);
  const files = bundle.manifest.needs.secretFiles
    .map(({ secret, path }) => ({ secret, path: join(beside, path) }))
    .filter(({ secret, path }) => isUsed(secret) && !existsSync(path));
  if (variables.length + files.length === 0) return undefined;
  return new BundleError(
    [
      'the bundle needs what is not set:',
      ...variables.map(({ name, usedBy }) => `  variable ${name} (${usedBy.join(', ')})`),
      ...files.map(({ secret, path }) => `  file ${path} (secret ${secret})`),
    ].join('\n'),
    { hint: `set them in the shell or in ${join(beside, '.env')}, and put the files in their places` },
  );
}

/** A file that cannot be read for want of a variable, as the list of everything that the bundle needs; other errors as they are. */
export function explainMissing(error: unknown, raised: RaisedBundle): unknown {
  const isOfVariables =
    error instanceof SpecError && error.diagnostics.every(({ code }) => code === 'SPEC_REQUIRED_VARIABLE');
  if (!isOfVariables) return error;
  const given = new Set([...Object.keys(raised.env), ...raised.ownSettings]);
  return missingNeeds(raised, given, () => true) ?? error;
}
