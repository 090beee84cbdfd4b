// What a build came to, as another build may be told of it: clients pass results on as definitions of a graph (LLB), which they
// take apart and put together again. Ours has one node, whose source names the result.
import { createHash } from 'node:crypto';
import { bytesOf, decode, encode, listOf, mapEntries, messagesOf, textOf } from '../../../../protobuf.ts';

const SCHEME = 'windlass-result://';

/** A `pb.Definition` that means the result of that id. */
export function definitionOf(id: string): Buffer {
  const source = encode({ 3: encode({ 1: `${SCHEME}${id}` }) });
  const output = encode({ 1: [encode({ 1: digestOf(source) })] });
  const metadata = [source, output].map((operation): [string, string] => [digestOf(operation), '']);
  return encode({ 1: [source, output], 2: mapEntries(metadata) });
}

/** The result that a `pb.Definition` means; undefined where it means anything else. */
export function resultOf(definition: Buffer): string | undefined {
  for (const operation of listOf(decode(definition), 1)) {
    const [source] = messagesOf(decode(operation), 3);
    const identifier = source ? textOf(source, 1) : '';
    if (identifier.startsWith(SCHEME)) return identifier.slice(SCHEME.length);
  }
  return undefined;
}

/** Whether a `pb.Definition` has anything in it. */
export const isDefinition = (definition: Buffer): boolean => bytesOf(decode(definition), 1).length > 0;

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
