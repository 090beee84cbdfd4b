// The README's table of supported keys, from the Compose Specification's schema and the exceptions below; writes it between the markers.
// test/readme.test.ts checks that it is up to date and that every exception is a key of the schema.
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';

interface Definition {
  readonly properties?: Readonly<Record<string, Definition>>;
  readonly oneOf?: readonly Definition[];
}

const schema = JSON.parse(readFileSync(new URL('../schemas/compose-spec.json', import.meta.url), 'utf8')) as {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly definitions: Readonly<Record<string, Definition>>;
};

const definition = (name: string): Definition => schema.definitions[name] ?? {};
const keysOf = ({ properties = {} }: Definition): string[] => Object.keys(properties);
const objectForm = ({ oneOf = [] }: Definition): Definition => oneOf.find(({ properties }) => properties) ?? {};

/** Section of a Compose file → the keys that the schema has for it. */
export const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  'top level': Object.keys(schema.properties),
  'services.*': keysOf(definition('service')),
  'services.*.build': keysOf(objectForm(definition('build'))),
  'services.*.deploy': keysOf(definition('deployment')),
  'services.*.develop': keysOf(definition('development')),
  'networks.*': keysOf(definition('network')),
  'volumes.*': keysOf(definition('volume')),
  'configs.*': keysOf(definition('config')),
  'secrets.*': keysOf(definition('secret')),
};

const SWARM = "read, checked and printed; acts only in Docker's Swarm";
const REFUSED = 'refused before anything changes';
const MODELS = "served by Docker Model Runner's plugin; refused before anything changes where it is not installed";

/** Section → key → what is not as the specification says, or not everywhere. All other keys are honoured. */
export const EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'top level': { version: 'obsolete; ignored with a warning', models: MODELS },
  'services.*': {
    credential_spec: 'read, checked and printed; for Windows containers',
    models: MODELS,
    provider: 'runs the program of that name, as docker compose does',
  },
  'services.*.deploy': {
    mode: SWARM,
    endpoint_mode: SWARM,
    update_config: SWARM,
    rollback_config: SWARM,
    placement: SWARM,
  },
  'configs.*': { external: REFUSED, template_driver: REFUSED },
  'secrets.*': { external: REFUSED, driver: REFUSED, driver_opts: REFUSED, template_driver: REFUSED },
};

/** The Markdown text between the markers. */
export function keysTable(): string {
  const rows = Object.entries(SECTIONS).map(([section, keys]) => {
    const exceptions = EXCEPTIONS[section] ?? {};
    const honoured = keys.filter((key) => exceptions[key] === undefined).sort();
    return `| \`${section}\` | ${honoured.map((key) => `\`${key}\``).join(' ') || '–'} |`;
  });
  const notes = Object.entries(EXCEPTIONS).flatMap(([section, keys]) =>
    Object.entries(keys).map(
      ([key, note]) => `| \`${section === 'top level' ? key : `${section}.${key}`}\` | ${note} |`,
    ),
  );
  return ['| section | honoured |', '|---|---|', ...rows, '', '| key | instead |', '|---|---|', ...notes].join('\n');
}

export const KEYS_BLOCK = /(<!-- keys:begin -->\n)[\s\S]*?(\n<!-- keys:end -->)/;

if (import.meta.main) {
  const file = new URL('../README.md', import.meta.url);
  const text = await readFile(file, 'utf8');
  await writeFile(
    file,
    text.replace(KEYS_BLOCK, (_, begin: string, end: string) => `${begin}${keysTable()}${end}`),
  );
}
