// The engine's configuration file: /etc/windlass/engine.json, or the one that WINDLASS_ENGINE_CONFIG names.
import { WindlassError } from '../../errors.ts';
import { DEFAULT_SETTINGS, REGISTRY_KEYS, type RegistrySettings, registrySettings } from '../../registry/settings.ts';
import { type NativeHost, readIfExists } from './host.ts';

export interface EngineSettings {
  readonly registries: RegistrySettings;
  /** Whose subordinate ids containers have; empty for the host's own ids. */
  readonly usernsRemap: string;
}

const REMAP = 'userns-remap';

/** Its names are those of Docker's daemon.json. Throws for what it does not know. */
export function engineSettings(text: string, file: string): EngineSettings {
  const refuse = (reason: string): never => {
    throw new WindlassError('ENGINE_CONFIG', `the engine's configuration ${file} cannot be used: ${reason}`, {
      hint: `it is a JSON object with ${REGISTRY_KEYS.map((key) => `"${key}"`).join(', ')}, each a list of texts, and "${REMAP}", a text`,
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('it is no JSON object');
  const fields = new Map<string, unknown>(Object.entries(value));
  const unknown = [...fields.keys()].find((key) => key !== REMAP && !REGISTRY_KEYS.includes(key));
  if (unknown !== undefined) return refuse(`"${unknown}" is not known`);
  const usernsRemap = fields.get(REMAP) ?? '';
  if (typeof usernsRemap !== 'string') return refuse(`"${REMAP}" is no text`);
  return { registries: registrySettings(fields, refuse), usernsRemap };
}

/** Without a file, as usual. */
export async function readSettings({ files }: NativeHost): Promise<EngineSettings> {
  const named = process.env.WINDLASS_ENGINE_CONFIG || undefined;
  const file = named ?? '/etc/windlass/engine.json';
  const text = await readIfExists(files, file);
  if (text === undefined && named !== undefined)
    throw new WindlassError('ENGINE_CONFIG', `the engine's configuration ${file} is not there`, {
      hint: 'WINDLASS_ENGINE_CONFIG names it: write the file, or unset the variable',
    });
  return text === undefined ? { registries: DEFAULT_SETTINGS, usernsRemap: '' } : engineSettings(text, file);
}
