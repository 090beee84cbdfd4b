// What is watched: the `develop.watch` rules of a project's services, with the files that each leaves out.
// Which folders need watching at all follows from them. Reads ignore files; touches nothing else.
import { join, relative, sep } from 'node:path';
import { type IgnoreRules, ignoreLines, ignoreRules } from '../ignore-rules.ts';
import type { Hook, Service, WatchAction, WatchRule } from '../model.ts';
import { lookAt } from './entry.ts';

/** A rule with its patterns compiled. */
export interface CompiledRule {
  /** Of a rule that concerns no single service: ''. */
  readonly service: string;
  readonly action: WatchAction | 'run';
  /** Absolute path on the host: a folder or a single file, which need not exist yet. */
  readonly path: string;
  /** Whether that is a file, as far as can be seen. */
  readonly file: boolean;
  /** Absolute path inside the container, for the sync actions. */
  readonly target: string | undefined;
  readonly exec: Partial<Hook> | undefined;
  readonly initialSync: boolean;
  /** The containers see the path through a bind mount: nothing has to be copied, unless it is a single file that is replaced. */
  readonly mounted: boolean;
  /** What runs, for the action `run`; and that in words. */
  readonly run: OwnCommand | undefined;
  readonly label: string;
  /** Whether a change of this path is the rule's business. */
  matches(path: string): boolean;
  /** Whether nothing at or below this path can be: such a folder is not watched. */
  skips(path: string): boolean;
}

/** A command of a rule in `x-windlass.watch`: on this machine, or in the containers of a service. */
export type OwnCommand =
  | { readonly where: 'host'; readonly command: readonly string[]; readonly directory: string }
  | { readonly where: 'service'; readonly service: string; readonly hook: Partial<Hook> };

/** What editors and tools write beside a file while they save it, and folders of tools. Never a change of the program itself. */
const NEVER = new RegExp(
  `(^|/)(${[
    '\\.git',
    '\\.idea', // JetBrains' settings
    '[^/]*___jb_(old|tmp)___', // JetBrains' safe write
    '\\.#[^/]*', // emacs: locks
    '#[^/]*#', // emacs: auto-save
    '[^/]*~', // backups of emacs, vim, kate, gedit
    '4913', // vim: whether it may write here
    '\\.[^/]*\\.sw[nopx]', // vim: swap files
    '\\.[^/]*\\.kate-swp',
    '[^/]*-go-tmp-umask', // the Go tools: what umask is
  ].join('|')})(/|$)`,
);

/** Text of the ignore file that goes with a service's build, and the folder its patterns start from. */
export interface BuildIgnores {
  readonly root: string;
  readonly text: string;
}

/** Reads a text file; undefined when there is none. */
export type ReadText = (path: string) => string | undefined;

/** `<Dockerfile>.dockerignore` where there is one, else `.dockerignore` of the build context; undefined for other contexts. */
export function readBuildIgnores(service: Service, read: ReadText): BuildIgnores | undefined {
  const root = service.build?.context;
  if (root === undefined || !root.startsWith('/')) return undefined;
  const own = `${join(root, service.build?.dockerfile ?? 'Dockerfile')}.dockerignore`;
  const text = read(own) ?? read(join(root, '.dockerignore'));
  return text === undefined ? undefined : { root, text };
}

/** What a rule is beside what it says itself. */
export interface RuleExtras {
  readonly run?: { readonly command: OwnCommand; readonly label: string };
  readonly mounted?: boolean;
}

/** @throws SyntaxError for a pattern that is none. */
export function compileRule(
  service: string,
  rule: Omit<WatchRule, 'action'> & { readonly action: CompiledRule['action'] },
  ignores: BuildIgnores | undefined,
  { run, mounted = false }: RuleExtras = {},
): CompiledRule {
  const own = patterns(rule.path, rule.ignore ?? []);
  const build = ignores === undefined ? undefined : buildPatterns(ignores, rule.path);
  const include =
    rule.include === undefined || rule.include.length === 0 ? undefined : ignoreRules(cleaned(rule.include));
  const below = (path: string): string | undefined => relativeTo(rule.path, path);
  return {
    service,
    action: rule.action,
    path: rule.path,
    file: lookAt(rule.path)?.kind === 'file',
    target: rule.target,
    exec: rule.exec,
    initialSync: rule.initial_sync ?? rule['x-initialSync'] === true,
    mounted,
    run: run?.command,
    label: run?.label ?? rule.action,
    matches(path) {
      const rest = below(path);
      if (rest === undefined || NEVER.test(rest) || own.ignores(path) || build?.ignores(path)) return false;
      // A single file that is named is meant, whatever `include` says of folders.
      return include === undefined || rest === '' || include.ignores(rest);
    },
    skips(path) {
      const rest = below(path);
      return rest === undefined || NEVER.test(rest) || own.prunes(path) || build?.prunes(path) === true;
    },
  };
}

interface Patterns {
  ignores(path: string): boolean;
  /** Ignored, and nothing below it is taken back. */
  prunes(path: string): boolean;
}

function patterns(root: string, lines: readonly string[]): Patterns {
  const rules = ignoreRules(cleaned(lines));
  return { ignores: (path) => verdict(rules, root, path), prunes: (path) => verdict(rules, root, path, true) };
}

const cleaned = (lines: readonly string[]): string[] => lines.flatMap((line) => ignoreLines(line));

function verdict(rules: IgnoreRules, root: string, path: string, whole = false): boolean {
  const rest = relativeTo(root, path);
  return rest !== undefined && rest !== '' && rules.ignores(rest) && (!whole || rules.prunes(rest));
}

/**
 * An ignore file that keeps the whole watched folder out of the image (`*` alone is common, where the sources come by sync) has
 * nothing to say about what is synced.
 */
function buildPatterns({ root, text }: BuildIgnores, watched: string): Patterns | undefined {
  const lines = ignoreLines(text);
  const found = patterns(root, lines);
  const everything = lines.some((line) => line === '*' || line === '**') && !lines.some((line) => line.startsWith('!'));
  return everything || found.prunes(watched) ? undefined : found;
}

/** Path below a root, '' for the root itself, undefined outside. */
export function relativeTo(root: string, path: string): string | undefined {
  const rest = relative(root, path);
  if (rest === '..' || rest.startsWith(`..${sep}`)) return undefined;
  return sep === '/' ? rest : rest.replaceAll(sep, '/');
}

/** What a tree of files is looked at for: paths that concern a rule, and folders on the way to one. */
export interface Interest {
  /** Whether this path, or something below it, may concern a rule. */
  wants(path: string): boolean;
  /** Where looking starts: the folders that hold what the rules name. */
  readonly roots: readonly string[];
}

export function interestOf(rules: readonly CompiledRule[], extraFiles: readonly string[] = []): Interest {
  const named = [...new Set([...rules.map(({ path }) => path), ...extraFiles])];
  const parents = [...new Set(named.map((path) => join(path, '..')))];
  const roots = parents.filter(
    (path) => !parents.some((other) => other !== path && relativeTo(other, path) !== undefined),
  );
  const onTheWay = new Set<string>();
  for (const path of named) for (let at = path; !onTheWay.has(at); at = join(at, '..')) onTheWay.add(at);
  return {
    roots,
    wants: (path) => onTheWay.has(path) || rules.some((rule) => !rule.skips(path)),
  };
}
