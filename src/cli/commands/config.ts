// `config`: what the Compose files come to, whole or one aspect of it. Asks no engine, except for image digests.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { byBytes } from '../../go-json.ts';
import type { Project, Service } from '../../model.ts';
import { builtImageName, type Separator } from '../../names.ts';
import { noSuchService } from '../../no-such-service.ts';
import { withDefaultPlatform } from '../../platform.ts';
import { type ConfigFormat, renderImages, renderProject, renderTree } from '../../spec/render.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun, FlagValues } from '../declaration.ts';
import type { configFlags } from '../declarations/model.ts';
import { writing } from '../output/writing.ts';

type ConfigFlags = FlagValues<typeof configFlags>;
type Names = readonly string[];

export const run: CommandRun<typeof configFlags> = async (context, flags, args) => {
  const text = await textOf(context, flags, args);
  if (flags.quiet) return 0;
  if (flags.output && text.file && text.content !== '') {
    const file = resolve(context.cwd, flags.output);
    await writing('the model', 'choose another file with --output', () => writeFile(file, text.content));
  } else context.io.stdout.write(text.content);
  return 0;
};

interface Text {
  readonly content: string;
  /** `--output` applies to it. */
  readonly file?: boolean;
}

/** What to print. Where several aspects are asked for, the first of docker compose's order wins. */
async function textOf(context: CommandContext, flags: ConfigFlags, args: Names): Promise<Text> {
  if (flags.services) return lines(await servicesOf(context, flags));
  if (flags.volumes) return lines(sortedKeys((await load(context, flags, [])).volumes));
  if (flags.networks) return lines(sortedKeys((await load(context, flags, [])).networks));
  if (flags.models) return lines(modelsOf(await load(context, flags, [])));
  if (flags.hash) return lines(await hashesOf(await load(context, flags, []), flags.hash));
  if (flags.profiles) return lines(profilesOf(await load(context, flags, args)));
  if (flags.images) return lines(imagesOf(await load(context, flags, args), context.globals.compatibility ? '_' : '-'));
  if (flags.variables) return { content: await variablesText(context, flags) };
  if (flags.explain) return { content: await explanation(context, flags, args) };
  if (flags.environment) return lines(environmentOf(await load(context, flags, args, true)));
  return { content: await modelText(context, flags, args), file: true };
}

async function explanation(context: CommandContext, flags: ConfigFlags, paths: Names): Promise<string> {
  const [{ explainProject }, { formatExplanation }] = await Promise.all([
    import('../../spec/explain.ts'),
    import('../explain-config.ts'),
  ]);
  return formatExplanation(await explainProject(context.loadOptions(loadFlags(context, flags))), paths);
}

const lines = (items: Names): Text => ({ content: items.map((item) => `${item}\n`).join('') });
const sortedKeys = (items: object): string[] => Object.keys(items).sort(byBytes);

/** The project, with `env_file` contents folded in only where asked. */
function load(
  context: CommandContext,
  flags: ConfigFlags,
  services: Names,
  resolveEnvironment = false,
): Promise<Project> {
  return context.loadProject({ ...loadFlags(context, flags), services, resolveEnvironment });
}

const loadFlags = (context: CommandContext, flags: ConfigFlags) => ({
  interpolate: !flags['no-interpolate'],
  normalize: !flags['no-normalize'] && !context.globals.compatibility,
  resolvePaths: !flags['no-path-resolution'],
  checkConsistency: !flags['no-consistency'],
});

/** The merged tree before it becomes a project, variables left as they are. */
async function loadUninterpolated(context: CommandContext, flags: ConfigFlags): Promise<unknown> {
  const options = context.loadOptions({ ...loadFlags(context, flags), interpolate: false, resolveEnvironment: false });
  const [{ loadTree }, { formatDiagnostic }] = await Promise.all([
    import('../../spec/load.ts'),
    import('../../diagnostics.ts'),
  ]);
  const { tree, warnings } = await loadTree(options);
  for (const warning of warnings) context.warn(formatDiagnostic(warning));
  return tree;
}

async function servicesOf(context: CommandContext, flags: ConfigFlags): Promise<string[]> {
  if (!flags['no-interpolate']) return inDependencyOrder(await load(context, flags, []));
  const tree = (await loadUninterpolated(context, flags)) as { services?: object };
  return sortedKeys(tree.services ?? {});
}

/** Dependencies before their dependents, else by name. */
function inDependencyOrder({ services }: Project): string[] {
  const ordered = new Set<string>();
  const visit = (name: string, path: Names): void => {
    const service = services[name];
    if (service === undefined || ordered.has(name) || path.includes(name)) return;
    for (const dependency of sortedKeys(service.depends_on ?? {})) visit(dependency, [...path, name]);
    ordered.add(name);
  };
  for (const name of sortedKeys(services)) visit(name, []);
  return [...ordered];
}

const modelsOf = (project: Project): string[] =>
  sortedKeys(project.models).flatMap((key) => project.models[key]?.model || []);

async function hashesOf(project: Project, wanted: string): Promise<string[]> {
  // Brings node:crypto along, which takes longer to load than a small project.
  const { serviceHash } = await import('../../config-hash.ts');
  const names = wanted === '*' ? Object.keys(project.services) : wanted.split(',');
  return names.sort(byBytes).map((name) => {
    const service = project.services[name];
    if (service === undefined) throw noSuchService(name, sortedKeys(project.services));
    return `${name} ${serviceHash(withDefaultPlatform(withoutLabelFiles(service), project.environment))}`;
  });
}

function profilesOf(project: Project): string[] {
  const services = [...Object.values(project.services), ...Object.values(project.disabledServices)];
  return [...new Set(services.flatMap((service) => service.profiles ?? []))].sort(byBytes);
}

const imagesOf = (project: Project, separator: Separator): string[] =>
  sortedKeys(project.services).map(
    (name) => project.services[name]?.image || builtImageName(project.name, name, separator),
  );

const environmentOf = (project: Project): string[] =>
  Object.entries(project.environment)
    .map(([name, value]) => `${name}=${value}`)
    .sort(byBytes);

async function variablesText(context: CommandContext, flags: ConfigFlags): Promise<string> {
  const { formatVariables } = await import('../config-variables.ts');
  return formatVariables(await loadUninterpolated(context, flags), flags.format ?? '');
}

async function modelText(context: CommandContext, flags: ConfigFlags, args: Names): Promise<string> {
  const format = formatOf(flags.format);
  const digests = flags['resolve-image-digests'] || flags['lock-image-digests'];
  if (flags['no-interpolate']) {
    const tree = await loadUninterpolated(context, flags);
    const { pinTree } = await import('../image-digests.ts');
    const pinned = digests ? await pinTree(context, tree, { imagesOnly: flags['lock-image-digests'] }) : tree;
    return renderTree(pinned, format);
  }
  // docker compose folds env files in whether --no-env-resolution is given or not.
  const loaded = mapServices(await load(context, flags, args, true), withoutLabelFiles);
  if (!digests) return flags.quiet ? '' : renderProject(loaded, format);
  const { pinProject } = await import('../image-digests.ts');
  const pinned = await pinProject(context, loaded);
  return flags['lock-image-digests'] ? renderImages(pinned, format) : renderProject(pinned, format);
}

function formatOf(format: string | undefined): ConfigFormat {
  if (format === undefined || format === '' || format === 'yaml') return 'yaml';
  if (format === 'json') return 'json';
  throw new UsageError(`unsupported format "${format}"`, { hint: 'use "yaml" or "json"' });
}

/** Their labels are among the service's own by now. */
const withoutLabelFiles = ({ label_file: _, ...rest }: Service): Service => rest;

function mapServices(project: Project, change: (service: Service) => Service): Project {
  const entries = Object.entries(project.services).map(([name, service]) => [name, change(service)] as const);
  return { ...project, services: Object.fromEntries(entries) };
}
