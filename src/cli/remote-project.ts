// Before a project of another machine is run: where its files are now, what else it brings along, and which of this machine's
// variables it takes.
import { WindlassError } from '../errors.ts';
import { byBytes } from '../go-json.ts';
import type { Project } from '../model.ts';
import { isRemote } from '../remote-reference.ts';
import type { TemplateVariable } from '../spec/template-variables.ts';
import type { CommandContext } from './context.ts';
import { COMPOSE_TABLE, table } from './output/tabwriter.ts';
import { confirm } from './terminal/confirm.ts';

/** Does nothing for a project of this machine. @throws WindlassError when the user says no. */
export async function confirmRemote(context: CommandContext, project: Project, yes: boolean): Promise<void> {
  const [main = ''] = context.globals.files;
  if (!isRemote(main)) return;
  const { progress, dryRun, files } = context.globals;
  if (progress !== 'quiet' && progress !== 'json')
    context.io.stderr.write(`Your compose stack "${main}" is stored in "${project.workingDir}"\n`);
  if (yes || dryRun) return;
  const included = context.remote.references.filter((reference) => !files.includes(reference));
  if (included.length > 0) await agree(context, includesText(included), 'no');
  const { loadTree } = await import('../spec/load.ts');
  const { variablesOf } = await import('./config-variables.ts');
  const { tree } = await loadTree(context.loadOptions({ interpolate: false, resolveEnvironment: false }));
  const variables = [...variablesOf(tree)].sort((a, b) => byBytes(a.name, b.name));
  if (variables.length > 0) await agree(context, variablesText(variables, context.env), 'yes');
}

async function agree(context: CommandContext, text: string, enter: 'yes' | 'no'): Promise<void> {
  if (await confirm(context, text, { enter })) return;
  throw new WindlassError('CANCELLED', 'operation cancelled by user', {
    hint: 'answer with "y", or give "--yes" to "up"',
  });
}

const includesText = (references: readonly string[]): string =>
  `Warning: This Compose project includes files from remote sources:
${references.map((reference) => `  - ${reference}`).join('\n')}
Remote includes could potentially be malicious. Make sure you trust the source.
Do you want to continue?`;

/** The values that the files would get. Those of names that speak of secrets are not shown. */
export function variablesText(variables: readonly TemplateVariable[], env: CommandContext['env']): string {
  const rows = variables.map(({ name, required, defaultValue }) => {
    const given = env[name];
    const [value, source] =
      given !== undefined
        ? [SECRET.test(name) ? '***' : given, 'environment']
        : defaultValue !== ''
          ? [defaultValue, 'compose file']
          : ['<unset>', 'none'];
    return [name, value, source, required ? 'yes' : 'no', defaultValue];
  });
  const text = table(['VARIABLE', 'VALUE', 'SOURCE', 'REQUIRED', 'DEFAULT'], rows, COMPOSE_TABLE);
  return `Found the following variables in configuration:\n${text}Do you want to proceed with these variables?`;
}

const SECRET = /pass|secret|token|key|credential/i;
