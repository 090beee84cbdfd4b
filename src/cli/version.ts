// windlass's own version, taken from package.json when the program is bundled.
import manifest from '../../package.json' with { type: 'json' };

export const WINDLASS_VERSION: string = manifest.version;
