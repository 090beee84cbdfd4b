// Which tags of a repository are later versions than one, written in the same way. Pure.
// Two tags have the same shape when all but their numbers is the same: `1.27-alpine` and `1.28-alpine`, `v2.0` and `v2.1`;
// not `1.27` and `1.28.1`, for who wrote two numbers wants the patches to come by themselves.

interface Version {
  readonly shape: string;
  readonly numbers: readonly bigint[];
}

/** Undefined for what is no version, such as `latest`, or an abbreviated commit. */
function versionOf(tag: string): Version | undefined {
  const match = /^(v?)(\d+(?:\.\d+)*)(.*)$/.exec(tag);
  if (!match) return undefined;
  const [, prefix = '', version = '', suffix = ''] = match;
  // Hexadecimal digits right behind the number: a commit, not a version.
  if (/^[0-9a-f]*$/i.test(suffix) && suffix !== '') return undefined;
  const numbers: bigint[] = [];
  const take = (text: string): string =>
    text.replace(/\d+/g, (digits) => {
      numbers.push(BigInt(digits));
      // A date is no later version than a number.
      return digits.length < 6 ? '#' : '@';
    });
  const shape = `${prefix}${take(version)}${take(suffix)}`;
  return { shape, numbers };
}

/** Tags that are later than `tag`, the latest last. Versions before their release (`-rc1`) count only beside one. */
export function newerTags(tag: string, tags: readonly string[]): string[] {
  const own = versionOf(tag);
  if (own === undefined) return [];
  return tags
    .flatMap((other) => {
      const version = versionOf(other);
      return version !== undefined && version.shape === own.shape && compare(version, own) > 0
        ? [{ other, version }]
        : [];
    })
    .sort((a, b) => compare(a.version, b.version) || (a.other < b.other ? -1 : 1))
    .map(({ other }) => other);
}

function compare(a: Version, b: Version): number {
  for (const [index, number] of a.numbers.entries()) {
    const other = b.numbers[index] ?? 0n;
    if (number !== other) return number < other ? -1 : 1;
  }
  return 0;
}
