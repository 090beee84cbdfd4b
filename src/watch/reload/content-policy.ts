// A Content-Security-Policy that also lets the page's reload script run and listen: as little more than before as possible. Pure.

/** `self` and the hash of the script are the only sources that are added. Header values with several policies are taken apart. */
export function allowReload(header: string, scriptHash: string): string {
  return header
    .split(',')
    .map((policy) => onePolicy(policy, scriptHash))
    .join(', ');
}

type Directive = readonly [name: string, ...sources: string[]];

function onePolicy(policy: string, scriptHash: string): string {
  const directives = policy
    .split(';')
    .map((text) => text.trim().split(/\s+/))
    .filter((words): words is [string, ...string[]] => words[0] !== undefined && words[0] !== '');
  const find = (...names: string[]): Directive | undefined =>
    names.map((name) => directives.find(([own]) => own.toLowerCase() === name)).find((found) => found !== undefined);
  // The first that is there decides (CSP 3, §6.8.3).
  const scripts = find('script-src-elem', 'script-src', 'default-src');
  const connections = find('connect-src', 'default-src');
  const additions: Directive[] = [];
  if (scripts !== undefined && !allowsInline(scripts)) additions.push(added(scripts, 'script-src-elem', scriptHash));
  if (connections !== undefined && !connections.some((source) => source === '*' || source === "'self'"))
    additions.push(added(connections, 'connect-src', "'self'"));
  const kept = directives.filter(([name]) => !additions.some(([other]) => other === name.toLowerCase()));
  return [...kept, ...additions].map((words) => words.join(' ')).join('; ');
}

/** The sources of a directive and one more, under the name of the narrowest directive that decides. */
const added = ([, ...sources]: Directive, name: string, source: string): Directive => [
  name,
  ...sources.filter((one) => one.toLowerCase() !== "'none'"),
  source,
];

/** 'unsafe-inline' counts for nothing beside a nonce, a hash or 'strict-dynamic' (CSP 3, §6.7.3.2). */
const allowsInline = ([, ...sources]: Directive): boolean =>
  sources.some((source) => source.toLowerCase() === "'unsafe-inline'") &&
  !sources.some((source) => /^'(nonce-|sha(256|384|512)-|strict-dynamic')/i.test(source));
