// Durations and sizes in the words docker uses (go-units): "About an hour", "4.81MB", "1.5GiB".

/** Approximation of a duration, such as `2 weeks`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(milliseconds / 60_000);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const exactHours = milliseconds / 3_600_000;
  const hours = Math.trunc(exactHours + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(Math.trunc(exactHours) / 24 / 365)} years`;
}

const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'] as const;
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'] as const;

/** Go's `%.Ng`: N significant digits, no trailing zeros, an exponent when it does not fit. */
function significant(value: number, digits: number): string {
  if (value === 0) return '0';
  const [mantissa = '0', exponentText = '0'] = value.toExponential(digits - 1).split('e');
  const exponent = Number(exponentText);
  const short = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (exponent >= digits || exponent < -4) {
    const sign = exponent < 0 ? '-' : '+';
    return `${short(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  return short(value.toFixed(Math.max(0, digits - 1 - exponent)));
}

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return significant(value, digits) + (units[unit] ?? '');
}

/** Decimal units, 4 significant digits unless told: `4.812MB`. */
export const humanSize = (bytes: number, digits = 4): string => scaled(bytes, 1000, DECIMAL, digits);
/** Binary units, 4 significant digits: `17.5MiB`. */
export const bytesSize = (bytes: number): string => scaled(bytes, 1024, BINARY, 4);

/** The first 12 digits of an id, without its algorithm. */
export const shortId = (id: string): string => id.slice(id.indexOf(':') + 1).slice(0, 12);

/** Cuts a text to `columns`, the last one an ellipsis. Wide characters take two columns. */
export function ellipsis(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (text.length <= columns && isNarrow(text)) return text;
  const chars = Array.from(text);
  if (columns === 1) return chars[0] ?? '';
  const widths = chars.map(charWidth);
  if (widths.reduce((sum, width) => sum + width, 0) <= columns) return text;
  let used = 0;
  let kept = 0;
  while (kept < chars.length && used + (widths[kept] ?? 0) <= columns - 1) used += widths[kept++] ?? 0;
  return `${chars.slice(0, kept).join('')}…`;
}

/** East Asian wide and full-width forms, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1faff}\u{20000}-\u{3fffd}]/u;

const isNarrow = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

const charWidth = (char: string): number => (!isNarrow(char) && WIDE.test(char) ? 2 : 1);
