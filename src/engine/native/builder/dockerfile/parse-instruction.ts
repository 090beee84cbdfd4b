// One logical line → one instruction. A table from keyword to a small reader. Pure.

import { DockerfileError } from './dockerfile-error.ts';
import type { CopyOptions, Instruction, KeyValue } from './instructions.ts';
import { type LogicalLine, parseHeredoc } from './lexer.ts';
import { parseHealthcheck } from './parse-healthcheck.ts';
import { commandLine, Flags, type Parts } from './parts.ts';
import { parseRunMount } from './run-mount.ts';
import { STOP_SIGNALS } from './signals.ts';
import { type EscapeToken, jsonList, splitFlags, splitWords } from './words.ts';

type Body<T = Instruction> = T extends Instruction ? Omit<T, 'line' | 'text'> : never;

const READERS: Readonly<Record<string, (parts: Parts) => Body>> = {
  ARG: parseArg,
  ENV: (parts) => ({ kind: 'env', pairs: keyValues(parts) }),
  LABEL: (parts) => ({ kind: 'label', pairs: keyValues(parts) }),
  RUN: parseRun,
  CMD: (parts) => ({ kind: 'cmd', command: commandLine(parts) }),
  ENTRYPOINT: (parts) => ({ kind: 'entrypoint', command: commandLine(parts) }),
  COPY: (parts) => parseCopy(parts, 'copy'),
  ADD: (parts) => parseCopy(parts, 'add'),
  VOLUME: (parts) => ({ kind: 'volume', words: atLeastOne(parts, list(parts)) }),
  EXPOSE: (parts) => ({ kind: 'expose', words: atLeastOne(parts, splitWords(parts.rest, parts.escapeToken)) }),
  USER: (parts) => ({ kind: 'user', value: one(parts) }),
  WORKDIR: (parts) => ({ kind: 'workdir', value: one(parts) }),
  STOPSIGNAL: parseStopSignal,
  MAINTAINER: (parts) => ({ kind: 'maintainer', value: one(parts) }),
  SHELL: parseShell,
  HEALTHCHECK: parseHealthcheck,
  ONBUILD: parseOnbuild,
};

const KEYWORDS = Object.keys(READERS);

export function parseInstruction(line: LogicalLine, escapeToken: EscapeToken): Instruction {
  const text = line.text.trim();
  const [, keyword = '', tail = ''] = /^(\S+)(.*)$/s.exec(text) ?? [];
  const upper = keyword.toUpperCase();
  const refuse = (message: string): DockerfileError => new DockerfileError(line.line, message);
  const reader = READERS[upper];
  if (!Object.hasOwn(READERS, upper) || !reader) throw refuse(`unknown instruction: ${keyword}${meant(upper)}`);
  const { flags, rest } = splitFlags(tail, escapeToken);
  const given = new Flags(flags, refuse);
  const parts: Parts = {
    keyword: upper,
    rest: rest.trim(),
    flags: given,
    heredocs: line.heredocs,
    escapeToken,
    refuse,
  };
  const body = reader(parts);
  given.refuseRest();
  return { ...body, line: line.line, text } as Instruction;
}

/** A word that differs in one letter or two is likely to have been meant. */
function meant(word: string): string {
  const [near] = ['FROM', ...KEYWORDS]
    .map((keyword) => ({ keyword, far: distance(keyword, word) }))
    .filter(({ far }) => far <= 2)
    .sort((a, b) => a.far - b.far);
  return near === undefined ? '' : ` (did you mean ${near.keyword}?)`;
}

function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 3;
}

const noArguments = (parts: Parts, count: string): DockerfileError =>
  parts.refuse(`${parts.keyword} requires ${count}`);

function one(parts: Parts): string {
  if (parts.rest === '') throw noArguments(parts, 'exactly one argument');
  return parts.rest;
}

function atLeastOne(parts: Parts, words: readonly string[]): readonly string[] {
  if (words.length === 0) throw noArguments(parts, 'at least one argument');
  return words;
}

/** A JSON list, or words. */
function list(parts: Parts): string[] {
  const json = jsonList(parts.rest);
  if (json === 'not-strings')
    throw parts.refuse('when using JSON array syntax, arrays must be comprised of strings only');
  return json ?? splitWords(parts.rest, parts.escapeToken);
}

function keyValues(parts: Parts): KeyValue[] {
  const words = splitWords(parts.rest, parts.escapeToken);
  const [first = ''] = words;
  if (first === '') throw noArguments(parts, 'at least one argument');
  if (!first.includes('=')) {
    // The old form: `ENV name the rest is the value`.
    const [, key = '', value = ''] = /^(\S+)\s+(.*)$/s.exec(parts.rest) ?? [];
    if (key === '') throw parts.refuse(`${parts.keyword} must have two arguments`);
    return [{ key, value }];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals < 0)
      throw parts.refuse(`Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`);
    if (equals === 0) throw parts.refuse(`${parts.keyword} names can not be blank`);
    return { key: word.slice(0, equals), value: word.slice(equals + 1) };
  });
}

function parseArg(parts: Parts): Body {
  const words = atLeastOne(parts, splitWords(parts.rest, parts.escapeToken));
  return {
    kind: 'arg',
    args: words.map((word) => {
      const equals = word.indexOf('=');
      if (equals === 0) throw parts.refuse('ARG names can not be blank');
      return equals < 0
        ? { key: word, value: undefined }
        : { key: word.slice(0, equals), value: word.slice(equals + 1) };
    }),
  };
}

function parseRun(parts: Parts): Body {
  const { flags } = parts;
  const security = flags.one('security');
  if (security !== undefined && security !== 'sandbox')
    throw parts.refuse(`RUN --security=${security} is not supported: the native engine runs builds in a sandbox only`);
  const network = flags.one('network') ?? 'default';
  if (network !== 'default' && network !== 'none' && network !== 'host')
    throw parts.refuse(`invalid network mode: "${network}", expected "default", "none" or "host"`);
  const mounts = flags.all('mount').map((text) => parseRunMount(text, parts.refuse));
  if (parts.rest === '') throw noArguments(parts, 'at least one argument');
  return { kind: 'run', command: commandLine(parts), mounts, network, heredocs: parts.heredocs };
}

function parseCopy(parts: Parts, kind: 'copy' | 'add'): Body {
  const { flags } = parts;
  const options: CopyOptions = {
    from: kind === 'copy' ? flags.one('from') : undefined,
    chown: flags.one('chown'),
    chmod: flags.one('chmod'),
    link: flags.switch('link') ?? false,
    parents: kind === 'copy' ? (flags.switch('parents') ?? false) : false,
    exclude: flags.all('exclude'),
    checksum: kind === 'add' ? flags.one('checksum') : undefined,
    unpack: kind === 'add' ? flags.switch('unpack') : undefined,
    keepGitFolder: kind === 'add' ? flags.switch('keep-git-dir') : undefined,
  };
  const words = list(parts);
  const destination = words.at(-1);
  if (destination === undefined || words.length < 2) throw noArguments(parts, 'at least two arguments');
  if (parseHeredoc(destination)) throw parts.refuse(`${parts.keyword} cannot accept a heredoc as a destination`);
  const documents = new Set(parts.heredocs.map(({ word }) => word));
  const sources = words.slice(0, -1).filter((word) => !documents.has(word));
  return { kind, sources, destination, options, heredocs: parts.heredocs };
}

function parseStopSignal(parts: Parts): Body {
  const value = one(parts);
  const name = value.toUpperCase().replace(/^SIG/, '');
  const known = value.includes('$') || /^\d+$/.test(value) || STOP_SIGNALS.has(name) || /^RTM(?:IN|AX)/.test(name);
  if (!known) throw parts.refuse(`Invalid signal: ${value}`);
  return { kind: 'stopsignal', value };
}

function parseShell(parts: Parts): Body {
  const json = jsonList(parts.rest);
  if (json === undefined || json === 'not-strings')
    throw parts.refuse('SHELL requires the arguments to be in JSON form');
  if (json.length === 0) throw noArguments(parts, 'at least one argument');
  return { kind: 'shell', shell: json };
}

function parseOnbuild(parts: Parts): Body {
  const trigger = one(parts);
  const word = /^\S+/.exec(trigger)?.[0].toUpperCase() ?? '';
  if (word === 'ONBUILD') throw parts.refuse("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (word === 'FROM' || word === 'MAINTAINER') throw parts.refuse(`${word} isn't allowed as an ONBUILD trigger`);
  if (!Object.hasOwn(READERS, word)) throw parts.refuse(`unknown instruction: ${word}${meant(word)}`);
  const heredocs = parts.heredocs.map(({ content, word: opener }) => `${content}${parseHeredoc(opener)?.name ?? ''}\n`);
  return { kind: 'onbuild', trigger: heredocs.length === 0 ? trigger : `${trigger}\n${heredocs.join('')}` };
}
