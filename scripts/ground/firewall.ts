// What a private Docker Engine left in iptables, as commands that take it away: rules and chains that were not there before it.

/** One table's chains and rules, as iptables-save prints them. */
interface Table {
  /** Chain → policy (`-` for user-defined ones). */
  readonly chains: Map<string, string>;
  readonly rules: string[];
}

/** Parses iptables-save's output. */
export function parseRules(text: string): Map<string, Table> {
  const tables = new Map<string, Table>();
  let table: Table | undefined;
  for (const line of text.split('\n')) {
    const [, name] = /^\*(\S+)/.exec(line) ?? [];
    if (name !== undefined) {
      table = { chains: new Map(), rules: [] };
      tables.set(name, table);
    } else if (line.startsWith(':')) {
      const [chain, policy] = line.slice(1).split(' ');
      if (chain !== undefined) table?.chains.set(chain, policy ?? '-');
    } else if (line.startsWith('-A ')) table?.rules.push(line);
  }
  return tables;
}

/**
 * iptables arguments, in order, that undo what the engine added between two snapshots. Only rules that mention docker's chains or one
 * of `marks` (our bridges and subnets) go: what others added meanwhile stays. Engines share docker's chains and the policy that goes
 * with them: with `shared`, while another engine runs, those stay for it.
 */
export function undoRules(
  before: string,
  after: string,
  { marks, shared }: { readonly marks: readonly string[]; readonly shared: boolean },
): string[][] {
  const [old, now] = [parseRules(before), parseRules(after)];
  const undo: string[][] = [];
  for (const [name, table] of now) {
    const was = old.get(name);
    const known = new Set(was?.rules);
    const added = (chain: string): boolean => !shared && chain.startsWith('DOCKER') && was?.chains.has(chain) !== true;
    const ours = (rule: string): boolean =>
      !known.has(rule) && ((!shared && /(?:-A|-j) DOCKER/.test(rule)) || marks.some((mark) => rule.includes(mark)));
    for (const rule of table.rules.filter(ours)) undo.push(['-t', name, '-D', ...words(rule.slice(3))]);
    for (const chain of table.chains.keys()) if (added(chain)) undo.push(['-t', name, '-F', chain]);
    for (const chain of table.chains.keys()) if (added(chain)) undo.push(['-t', name, '-X', chain]);
    for (const [chain, policy] of shared ? [] : table.chains) {
      const earlier = was?.chains.get(chain);
      const wanted = earlier ?? (policy === '-' ? '-' : 'ACCEPT');
      if (wanted !== '-' && wanted !== policy) undo.push(['-t', name, '-P', chain, wanted]);
    }
  }
  return undo;
}

/** Splits a rule into arguments; iptables-save quotes comments. */
const words = (rule: string): string[] => [...rule.matchAll(/"([^"]*)"|\S+/g)].map(([all, quoted]) => quoted ?? all);
