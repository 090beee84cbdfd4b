// The short form of a volume, `[SOURCE:]TARGET[:OPTIONS]`, as docker compose reads it on every platform.

export interface ShortVolume {
  type: 'bind' | 'volume';
  source?: string;
  target?: string;
  read_only?: true;
  bind?: { propagation?: string; selinux?: string; create_host_path?: true };
  volume?: { nocopy?: true };
}

const PROPAGATIONS = new Set(['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave']);

/** Reads the short form. Unknown options are ignored, as docker compose does. */
export function parseVolume(text: string): ShortVolume | { readonly problem: string } {
  if (text === '') return { problem: 'the volume is empty' };
  // Bytes, not characters: what docker compose counts.
  if (Buffer.byteLength(text) <= 2) return { type: 'volume', target: text };
  const volume: ShortVolume = { type: 'volume' };
  const fields = split(text);
  for (const [index, field] of fields.entries()) {
    const last = index === fields.length - 1;
    if (field === '') return { problem: `nothing between the colons of "${text}"` };
    if (volume.source === undefined) {
      if (last) volume.target = field;
      else volume.source = field;
    } else if (volume.target === undefined) volume.target = field;
    else if (!last) return { problem: `too many colons in "${text}"` };
    else applyOptions(volume, field);
  }
  if (isHostPath(volume.source)) {
    volume.type = 'bind';
    volume.bind = { ...volume.bind, create_host_path: true };
  } else volume.volume ??= {};
  return volume;
}

/** Splits at colons, except after a drive letter and inside `${…}`, which stays where variables are not substituted. */
function split(text: string): string[] {
  const fields: string[] = [];
  let field = '';
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '$' && text[at + 1] === '{') depth++;
    else if (character === '}' && depth > 0) depth--;
    else if (character === ':' && depth === 0 && !/^\p{L}$/u.test(field)) {
      fields.push(field);
      field = '';
      continue;
    }
    field += character;
  }
  return [...fields, field];
}

function applyOptions(volume: ShortVolume, options: string): void {
  for (const option of options.split(',')) {
    if (option === 'ro') volume.read_only = true;
    else if (option === 'rw') delete volume.read_only;
    else if (option === 'nocopy') volume.volume = { nocopy: true };
    else if (PROPAGATIONS.has(option)) volume.bind = { ...volume.bind, propagation: option };
    else if (option === 'z' || option === 'Z') volume.bind = { ...volume.bind, selinux: option };
  }
}

/** Starts like a path: `.`, `/`, `~`, `\\` or a drive letter. */
function isHostPath(source: string | undefined): boolean {
  return source !== undefined && (/^[./~]/.test(source) || source.startsWith('\\\\') || /^\p{L}:/u.test(source));
}
