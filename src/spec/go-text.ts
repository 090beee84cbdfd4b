// Values as Go prints them: docker compose turns numbers, booleans and lists into text with fmt.Sprint.
import { isMapping, isSequence, type Value } from './tree.ts';
import { GoFloat, Timestamp } from './yaml/scalar.ts';

/** fmt.Sprint of a value from YAML. */
export function goText(value: Value | undefined): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : goFloat(value);
  if (value instanceof GoFloat) return goFloat(value.value);
  if (value instanceof Timestamp) return goTime(value.text);
  if (isSequence(value)) return `[${value.map(goText).join(' ')}]`;
  if (isMapping(value)) {
    const entries = Object.keys(value)
      .sort()
      .map((key) => `${key}:${goText(value[key])}`);
    return `map[${entries.join(' ')}]`;
  }
  return String(value);
}

/** strconv's shortest `g`: with an exponent below 1e-4 and from 1e6 on. */
function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 6) {
    const digits = String(Math.abs(exponent)).padStart(2, '0');
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
  }
  return exponent < 0
    ? value.toFixed(Math.min(100, mantissa.replace(/[-.]/g, '').length - 1 - exponent))
    : String(value);
}

/** `2006-01-02 15:04:05 +0000 UTC`. */
const goTime = (text: string): string => {
  const match = /^(\S+)T([\d:.]+)(Z|[-+]\d\d:\d\d)$/.exec(text);
  const zone = match?.[3] === 'Z' ? '+0000 UTC' : `${match?.[3]?.replace(':', '')} ${match?.[3]?.replace(':', '')}`;
  return `${match?.[1]} ${match?.[2]} ${zone}`;
};

/** The shortest decimal that is the same 32-bit float: what Go prints for a float32. */
export function roundToFloat32(value: number): number {
  const rounded = Math.fround(value);
  for (let digits = 1; digits < 10; digits++) {
    const candidate = Number(rounded.toPrecision(digits));
    if (Math.fround(candidate) === rounded) return candidate;
  }
  return rounded;
}
