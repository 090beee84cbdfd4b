// A question → what is to be done about it: an answer from the table, or forwarding. Pure.
import {
  type Answer,
  addressData,
  encodeResponse,
  isInternet,
  isStandardQuery,
  nameData,
  type Question,
  RCODE,
  reverseName,
  TYPE,
} from './packet.ts';
import { type NameTable, rotated } from './table.ts';

export type Resolution = { readonly kind: 'answer'; readonly message: Buffer } | { readonly kind: 'forward' };

export interface AskFacts {
  /** Address of the container that asks. */
  readonly asker: string;
  /** Largest answer the client takes. */
  readonly limit: number;
  /** Counts up; turns the order of several addresses. */
  readonly turn: number;
}

/** Names of the table are answered here, for any type: what a container has no record of is "no data", never forwarded. */
export function resolve(table: NameTable, question: Question, facts: AskFacts): Resolution {
  const answer = (rcode: number, answers: readonly Answer[] = []): Resolution => ({
    kind: 'answer',
    message: encodeResponse(question, rcode, answers, facts.limit),
  });
  if (!isStandardQuery(question)) return answer(RCODE.notImplemented);
  if (!isInternet(question)) return { kind: 'forward' };
  const reverse = reverseName(question.name);
  if (question.type === TYPE.PTR && reverse !== undefined) {
    const name = table.reverse(facts.asker, reverse);
    return name === undefined ? { kind: 'forward' } : answer(RCODE.ok, [{ type: TYPE.PTR, data: nameData(name) }]);
  }
  const found = table.lookup(facts.asker, question.name);
  if (!found) return { kind: 'forward' };
  const wants = (type: number): boolean => question.type === type || question.type === TYPE.ANY;
  const records = (type: number, addresses: readonly string[]): Answer[] =>
    wants(type) ? rotated(addresses, facts.turn).map((address) => ({ type, data: addressData(address) })) : [];
  return answer(RCODE.ok, [...records(TYPE.A, found.v4), ...records(TYPE.AAAA, found.v6)]);
}

/** What a client is told when no upstream server answers: a name without a dot cannot be known to anyone else. */
export const failureCode = (question: Question): number =>
  question.name.includes('.') ? RCODE.serverFailure : RCODE.noSuchName;
