// Help in docker compose's layout: `Usage:`, the summary, then options and commands in two columns.
import type { AnyCommand, CommandGroup, FlagDeclaration, Flags } from './declaration.ts';
import { valueName } from './flag.ts';

export interface HelpStyle {
  /** How the program is called: `windlass`, `docker compose`. */
  readonly program: string;
  /** Columns to stay within. */
  readonly width: number;
}

/** Help of the program itself. */
export function programHelp(
  flags: Flags,
  commands: readonly AnyCommand[],
  groups: readonly CommandGroup[],
  style: HelpStyle,
): string {
  return paragraphs([
    `Usage:  ${style.program} [OPTIONS] COMMAND`,
    'Define and run multi-container applications',
    options(flags, style.width),
    commandList('Management Commands:', groups),
    commandList('Commands:', commands),
    `Run '${style.program} COMMAND --help' for more information on a command.`,
  ]);
}

/** Help of a group of commands, such as `bridge`. */
/** Help of a word with commands below it; `path` is how it is reached. */
export function groupHelp(group: CommandGroup, path: string, style: HelpStyle): string {
  const program = `${style.program} ${path}`;
  return paragraphs([
    `Usage:  ${program} COMMAND`,
    group.summary,
    commandList('Commands:', [...group.commands, ...(group.groups ?? [])]),
    `Run '${program} COMMAND --help' for more information on a command.`,
  ]);
}

/** Help of one command; `path` is how it is reached: `up`, `bridge convert`. */
export function commandHelp(command: AnyCommand, path: string, flags: Flags, style: HelpStyle): string {
  return paragraphs([
    usageLine(command, path, style.program),
    command.summary,
    command.description,
    command.aliases?.length
      ? `Aliases:\n  ${[path, ...command.aliases.map((alias) => [...path.split(' ').slice(0, -1), alias].join(' '))].map((name) => `${style.program} ${name}`).join(', ')}`
      : '',
    options(flags, style.width),
  ]);
}

/** `Usage:  windlass up [OPTIONS] [SERVICE...]` */
export const usageLine = (command: AnyCommand, path: string, program: string): string =>
  `Usage:  ${program} ${path}${command.usage === '' ? '' : ` ${command.usage}`}`;

const paragraphs = (parts: readonly (string | undefined)[]): string => `${parts.filter(Boolean).join('\n\n')}\n`;

function commandList(title: string, items: readonly { name: string; summary: string; hidden?: boolean }[]): string {
  const shown = items.filter((item) => item.hidden !== true).sort((a, b) => (a.name < b.name ? -1 : 1));
  const width = Math.max(0, ...shown.map((item) => item.name.length));
  return shown.length === 0
    ? ''
    : [title, ...shown.map((item) => `  ${item.name.padEnd(width)}   ${item.summary}`)].join('\n');
}

function options(flags: Flags, width: number): string {
  const rows = Object.entries(flags)
    .filter(([, flag]) => flag.hidden !== true)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, flag]) => [flagColumn(key, flag), flag.help + shownDefault(flag)] as const);
  if (rows.length === 0) return '';
  const left = Math.max(...rows.map(([name]) => name.length)) + 3;
  const lines = rows.flatMap(([name, text]) =>
    wrap(text, Math.max(width - left, 24)).map((line, index) => (index === 0 ? name : '').padEnd(left) + line),
  );
  return ['Options:', ...lines].join('\n');
}

function flagColumn(key: string, flag: FlagDeclaration): string {
  const value = valueName(flag);
  return `  ${flag.short === undefined ? '    ' : `-${flag.short}, `}--${key}${value === undefined ? '' : ` ${value}`}`;
}

function shownDefault(flag: FlagDeclaration): string {
  if ('shownDefault' in flag && flag.shownDefault !== undefined) return ` (default ${flag.shownDefault})`;
  if (!('default' in flag) || flag.default === undefined || flag.default === false || flag.default === '') return '';
  return ` (default ${typeof flag.default === 'string' ? JSON.stringify(flag.default) : flag.default})`;
}

/** Breaks a text at spaces into lines of at most `width` characters; longer words stay whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
