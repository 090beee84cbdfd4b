// BuildKit's progress as lines of text, in the manner of `docker buildx build --progress plain`.
import { bytesOf, decode, type Message, messagesOf, numberOf, textOf } from '../../../protobuf.ts';

interface Vertex {
  readonly number: number;
  shown: boolean;
  done: boolean;
  startedAt: number;
}

/** Remembers what was shown of each step; gives the lines that a message adds. */
export class TraceText {
  readonly #vertices = new Map<string, Vertex>();

  /** Lines for one status message of the engine, decoded from base64; each ends with a newline. */
  lines(message: Buffer): string {
    const status = decode(message);
    return [
      ...messagesOf(status, 1).map((vertex) => this.#vertex(vertex)),
      ...messagesOf(status, 3).map((log) => this.#log(log)),
    ].join('');
  }

  #vertex(message: Message): string {
    const digest = textOf(message, 1);
    const known = this.#vertices.get(digest);
    const vertex = known ?? { number: this.#vertices.size + 1, shown: false, done: false, startedAt: 0 };
    this.#vertices.set(digest, vertex);
    let text = '';
    const started = seconds(message, 5);
    if (started > 0 && !vertex.shown) {
      text += `${vertex.number === 1 ? '' : '\n'}#${vertex.number} ${textOf(message, 3)}\n`;
      vertex.shown = true;
      vertex.startedAt = started;
    }
    const completed = seconds(message, 6);
    if (completed > 0 && !vertex.done) {
      const failure = textOf(message, 7);
      vertex.done = true;
      text += `#${vertex.number} ${failure !== '' ? `ERROR: ${failure}` : numberOf(message, 4) === 1 ? 'CACHED' : `DONE ${Math.max(0, completed - vertex.startedAt).toFixed(1)}s`}\n`;
    }
    return text;
  }

  #log(message: Message): string {
    const vertex = this.#vertices.get(textOf(message, 1));
    if (vertex === undefined) return '';
    const at = Math.max(0, seconds(message, 2) - vertex.startedAt).toFixed(3);
    const lines = bytesOf(message, 4).toString().replace(/\n$/, '').split('\n');
    return lines.map((line) => `#${vertex.number} ${at} ${line}\n`).join('');
  }
}

/** A timestamp field in seconds; 0 where there is none. */
function seconds(message: Message, field: number): number {
  const [timestamp] = messagesOf(message, field);
  return timestamp === undefined ? 0 : numberOf(timestamp, 1) + numberOf(timestamp, 2) / 1e9;
}
