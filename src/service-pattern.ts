// Patterns that stand for names of services: Go's filepath.Match for names without slashes.

/** Whether an argument is a pattern and no plain name. */
export const isPattern = (text: string): boolean => /[*?[\\]/.test(text);

/** `*`, `?`, `[a-z]`, `[^a]` and `\` before a sign, as an expression; undefined where a bracket is not closed or a range runs backwards. */
export function servicePattern(pattern: string): RegExp | undefined {
  let source = '';
  for (let index = 0; index < pattern.length; index++) {
    const sign = pattern[index] ?? '';
    if (sign === '*') source += '.*';
    else if (sign === '?') source += '.';
    else if (sign === '\\') source += literally(pattern[++index] ?? '\\');
    else if (sign === '[') {
      const end = pattern.indexOf(']', index + 2);
      if (end < 0) return undefined;
      source += `[${pattern.slice(index + 1, end).replace(/\\/g, '\\\\')}]`;
      index = end;
    } else source += literally(sign);
  }
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return undefined;
  }
}

const literally = (sign: string): string => sign.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
