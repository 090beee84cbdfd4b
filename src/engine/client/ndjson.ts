// Newline-delimited JSON, as the engine sends events, statistics and progress.
import { StringDecoder } from 'node:string_decoder';

/** One value per line; lines may be cut anywhere, also inside a character. A last line without newline counts. */
export async function* jsonLines(source: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  for await (const chunk of source) {
    const lines = (pending + decoder.write(chunk)).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
  }
  pending += decoder.end();
  if (pending.trim() !== '') yield JSON.parse(pending);
}
