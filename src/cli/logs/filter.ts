// Which lines `logs` shows: --grep and --level.
import { UsageError } from '../../errors.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
type Level = (typeof LEVELS)[number];

const SYNONYMS: Readonly<Record<string, Level>> = {
  trace: 'trace',
  trc: 'trace',
  verbose: 'trace',
  debug: 'debug',
  dbg: 'debug',
  dbug: 'debug',
  info: 'info',
  inf: 'info',
  information: 'info',
  notice: 'info',
  note: 'info',
  log: 'info',
  warn: 'warn',
  wrn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
  eror: 'error',
  fail: 'error',
  severe: 'error',
  fatal: 'fatal',
  ftl: 'fatal',
  crit: 'fatal',
  critical: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
  panic: 'fatal',
};
const WORD = Object.keys(SYNONYMS).join('|');

/** Most telling first: a JSON or logfmt field, a word in brackets, a word in capitals, glog's letter, a word before a colon. */
const FORMS: readonly RegExp[] = [
  new RegExp(`["']?(?:level|lvl|severity|loglevel|log\\.level)["']?\\s*[=:]\\s*["']?(${WORD})\\b`, 'i'),
  new RegExp(`[[(<](${WORD})[\\])>]`, 'i'),
  new RegExp(`(?:^|[\\s|:])(${WORD.toUpperCase()})(?=[\\s:|,\\]]|$)`),
  new RegExp(`^(?:\\S+ ){0,3}(${WORD})\\s*:`, 'i'),
];
const GLOG = /^([IWEF])\d{4} \d{2}:\d{2}:\d{2}/;
const GLOG_LEVEL: Readonly<Record<string, Level>> = { I: 'info', W: 'warn', E: 'error', F: 'fatal' };
/** pino and bunyan write numbers: 10 trace … 60 fatal. */
const NUMERIC = /"level"\s*:\s*(10|20|30|40|50|60)\b/;

/** The level that a line tells; undefined when it tells none. */
export function levelOf(line: string): Level | undefined {
  const numeric = NUMERIC.exec(line)?.[1];
  if (numeric !== undefined) return LEVELS[Number(numeric) / 10 - 1];
  const letter = GLOG.exec(line)?.[1];
  if (letter !== undefined) return GLOG_LEVEL[letter];
  for (const form of FORMS) {
    const word = form.exec(line)?.[1];
    if (word !== undefined) return SYNONYMS[word.toLowerCase()];
  }
  return undefined;
}

/** Decides line by line; `source` tells whose line it is. */
export type LineFilter = (source: string, line: string) => boolean;

export interface FilterFlags {
  readonly grep: readonly string[];
  readonly level: string | undefined;
}

/** Throws UsageError for a pattern or level that is none. */
export function lineFilter(flags: FilterFlags): LineFilter {
  const patterns = flags.grep.map(pattern);
  const least = flags.level === undefined ? undefined : LEVELS.indexOf(knownLevel(flags.level));
  const last = new Map<string, Level>();
  return (source, line) => {
    // Level first, since it has to see every line: a stack trace below an error belongs to it.
    const level = least === undefined ? undefined : (levelOf(line) ?? last.get(source) ?? 'info');
    if (level !== undefined) last.set(source, level);
    if (least !== undefined && level !== undefined && LEVELS.indexOf(level) < least) return false;
    return patterns.every(({ expression, wanted }) => expression.test(line) === wanted);
  };
}

function pattern(text: string): { expression: RegExp; wanted: boolean } {
  const wanted = !text.startsWith('!');
  const source = wanted ? text : text.slice(1);
  try {
    return { expression: new RegExp(source), wanted };
  } catch (error) {
    throw new UsageError(`invalid value for "--grep": "${source}" is not a regular expression`, {
      cause: error,
      hint: 'put a backslash before signs that have a meaning, such as \\[ or \\(',
    });
  }
}

function knownLevel(text: string): Level {
  const level = SYNONYMS[text.toLowerCase()];
  if (level === undefined)
    throw new UsageError(`invalid value for "--level": "${text}"`, { hint: `give one of ${LEVELS.join(', ')}` });
  return level;
}
