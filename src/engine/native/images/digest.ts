// Digests as names of files.

/** `sha256:0a1b…` → `0a1b…`. */
export const hexOf = (digest: string): string => digest.slice(digest.indexOf(':') + 1);

/** Short names of layers are this many digits of the diff id: 120 of them fit the kernel's page of mount options. */
const SHORT = 16;

/** The name of a layer in mount options. */
export const shortName = (diffId: string): string => hexOf(diffId).slice(0, SHORT);

/** Names of a row of layers, from the bottom up, for overlayfs's `lowerdir=`: topmost first, each once. */
export const lowerNames = (diffIds: readonly string[]): string[] => [...new Set([...diffIds].reverse().map(shortName))];
