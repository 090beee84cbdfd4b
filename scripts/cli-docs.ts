// docs/cli.md, made from the program's own description of its commands: `node scripts/cli-docs.ts` writes it, a test compares it.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { AnyCommand, CommandGroup, FlagDeclaration, Flags } from '../src/cli/declaration.ts';
import { commandGroups, commands } from '../src/cli/declarations/index.ts';
import { valueName } from '../src/cli/flag.ts';
import { globalFlags } from '../src/cli/globals.ts';

export const CLI_DOCS = fileURLToPath(new URL('../docs/cli.md', import.meta.url));

const INTRODUCTION = `# The command line

Commands and flags are docker compose's, so that scripts and fingers need not learn anew. Global flags stand before the command,
\`--dry-run\` before or after it. \`--flag value\`, \`--flag=value\`, \`-f value\`, \`-fvalue\`, bundles such as \`-dV\` and \`--flag=false\`
all work; \`--\` ends the flags. Where a command takes services, patterns such as \`web*\` work too, and naming a service switches
its profiles on.

Data goes to standard output; progress, warnings and errors go to standard error (progress to standard output with
\`COMPOSE_STATUS_STDOUT=1\`).

## Exit codes

| code | meaning |
|---|---|
| 0 | done; also \`up\` when containers ended on their own, and \`down\` with nothing to remove |
| 1 | a wrong command line, a file that cannot be read, a step that failed, no engine |
| 70 | a bug in windlass: the stack is shown |
| 130 | stopped by Ctrl-C or SIGTERM |
| a container's code | \`run\`, \`exec\`, \`attach\`, \`wait\`, \`up\` with \`--abort-on-container-exit\`, \`--abort-on-container-failure\` or \`--exit-code-from\` |

## Environment

| variable | stands in for |
|---|---|
| \`COMPOSE_FILE\`, \`COMPOSE_PATH_SEPARATOR\` | \`--file\` |
| \`COMPOSE_PROJECT_NAME\` | \`--project-name\` |
| \`COMPOSE_PROFILES\` | \`--profile\` |
| \`COMPOSE_ENV_FILES\`, \`COMPOSE_DISABLE_ENV_FILE\` | \`--env-file\`; no \`.env\` at all |
| \`COMPOSE_PARALLEL_LIMIT\` | \`--parallel\` |
| \`COMPOSE_PROGRESS\`, \`COMPOSE_ANSI\`, \`NO_COLOR\` | \`--progress\`, \`--ansi\`, no colours |
| \`COMPOSE_STATUS_STDOUT\` | progress on standard output |
| \`COMPOSE_REMOVE_ORPHANS\`, \`COMPOSE_IGNORE_ORPHANS\` | \`--remove-orphans\`; no warning about orphans |
| \`COMPOSE_MENU\` | \`up --menu\` |
| \`COMPOSE_COMPATIBILITY\` | \`--compatibility\` |
| \`DOCKER_HOST\`, \`DOCKER_CONTEXT\`, \`DOCKER_CONFIG\`, \`DOCKER_TLS_VERIFY\`, \`DOCKER_CERT_PATH\`, \`DOCKER_API_VERSION\` | which Docker Engine, as the docker command reads them |
| \`DOCKER_DEFAULT_PLATFORM\`, \`BUILDX_BUILDER\` | the platform of images; \`build --builder\` |
| \`WINDLASS_ENGINE\` | \`--engine\` |
| \`WINDLASS_DEBUG\` | debug lines on standard error |

COMPOSE_* variables may also stand in the project's \`.env\`; the shell's win.
`;

/** The page's text. */
export function cliDocs(): string {
  const visible = commands.filter((command) => command.hidden !== true).sort(byName);
  const grouped = commandGroups
    .filter((group) => group.hidden !== true)
    .flatMap((group) => groupSections(group, group.name));
  return [
    INTRODUCTION,
    '## Global flags\n',
    table(globalFlags),
    ...visible.map((command) => section(command, command.name)),
    ...grouped,
  ].join('\n');
}

const groupSections = (group: CommandGroup, path: string): string[] => [
  ...group.commands
    .filter((command) => command.hidden !== true)
    .map((command) => section(command, `${path} ${command.name}`)),
  ...(group.groups ?? []).flatMap((inner) => groupSections(inner, `${path} ${inner.name}`)),
];

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);

function section(command: AnyCommand, path: string): string {
  const rows = Object.values(command.flags).some((flag) => flag.hidden !== true);
  return [
    `## ${path}\n`,
    `\`windlass ${path}${command.usage === '' ? '' : ` ${command.usage}`}\`: ${sentence(command.summary)}\n`,
    ...(command.description === undefined ? [] : [`${command.description}\n`]),
    ...(rows ? [table(command.flags)] : []),
  ].join('\n');
}

function table(flags: Flags): string {
  const rows = Object.entries(flags)
    .filter(([, flag]) => flag.hidden !== true)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, flag]) => `| ${name(key, flag)} | ${cell(flag)} |`);
  return ['| flag | meaning |', '|---|---|', ...rows, ''].join('\n');
}

function name(key: string, flag: FlagDeclaration): string {
  const value = valueName(flag);
  const long = `--${key}${value === undefined ? '' : ` ${value}`}`;
  return flag.short === undefined ? `\`${long}\`` : `\`-${flag.short}\`, \`${long}\``;
}

const cell = (flag: FlagDeclaration): string =>
  sentence(flag.help).replaceAll('|', '\\|') + (flag.type === 'list' ? ' Repeatable.' : '');

const sentence = (text: string): string => (/[.)]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(CLI_DOCS, cliDocs());
