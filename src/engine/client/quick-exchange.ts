// Short questions to an engine over a Unix socket: HTTP/1.1 with whole answers, on connections that are kept.
// node:http does the same and more (streams, upgrades, agents), and takes 15 ms of every command's start to load and warm
// up; a command that finds nothing to do asks five questions and ends.
import { connect, type Socket } from 'node:net';
import { debug } from '../../log.ts';
import { type Answer, AnswerReader, BrokenAnswer } from './answer-reader.ts';

/** A request whose body, if any, is in memory. */
export interface Question {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | number | readonly string[]>>;
  readonly body?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class QuickExchange {
  readonly #socketPath: string;
  readonly #idle: Kept[] = [];

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /**
   * Asks and gives the whole answer, whatever its status.
   * @throws the socket's error (ENOENT, ECONNREFUSED, …), an AbortError when the signal fires, or a BrokenAnswer.
   */
  async ask(question: Question): Promise<Answer> {
    const started = performance.now();
    const kept = this.#idle.pop()?.take();
    const reader = new AnswerReader();
    try {
      return await this.#askOn(kept ?? connect(this.#socketPath), question, reader);
    } catch (error) {
      // The engine closed an idle connection just as it was reused; a look-up may be asked again.
      const mayAskAgain = kept !== undefined && question.method === 'GET' && reader.isUntouched;
      if (!mayAskAgain || question.signal?.aborted === true) throw error;
      return await this.#askOn(connect(this.#socketPath), question, new AnswerReader());
    } finally {
      debug('engine', () => `${question.method} ${question.path} ${(performance.now() - started).toFixed(1)} ms`);
    }
  }

  /** Lets go of the connections that are kept. */
  close(): void {
    for (const { socket } of this.#idle.splice(0)) socket.destroy();
  }

  #askOn(socket: Socket, question: Question, reader: AnswerReader): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        detach();
        question.signal?.removeEventListener('abort', abort);
        end();
      };
      const fail = (error: unknown): void =>
        settle(() => {
          // An error that comes after the last listener is gone would end the process.
          socket.on('error', () => undefined);
          socket.destroy();
          reject(error);
        });
      const abort = (): void => fail(new DOMException('The operation was aborted', 'AbortError'));
      const read = (chunk?: Buffer): void => {
        try {
          const answer = chunk === undefined ? reader.end() : reader.read(chunk);
          if (answer !== undefined) settle(() => resolve(this.#keep(socket, reader, answer)));
        } catch (error) {
          fail(error);
        }
      };
      const detach = listen(socket, {
        data: read,
        end: () => read(),
        close: () => fail(new BrokenAnswer('ECONNRESET')),
        error: fail,
      });
      if (question.signal?.aborted === true) return abort();
      question.signal?.addEventListener('abort', abort, { once: true });
      socket.ref();
      socket.write(head(question));
      if (question.body !== undefined && question.body.length > 0) socket.write(question.body);
    });
  }

  /** A connection that may serve again waits without keeping the process alive. */
  #keep(socket: Socket, reader: AnswerReader, answer: Answer): Answer {
    if (!reader.mayServeAgain) {
      socket.destroy();
      return answer;
    }
    const forget = (): void => {
      const at = this.#idle.indexOf(kept);
      if (at >= 0) this.#idle.splice(at, 1);
      socket.destroy();
    };
    const detach = listen(socket, { data: forget, end: forget, close: forget, error: forget });
    const take = (): Socket => {
      detach();
      return socket;
    };
    const kept = { socket, take };
    this.#idle.push(kept);
    socket.unref();
    return answer;
  }
}

/** An idle connection. `take` makes it fit for the next question. */
interface Kept {
  readonly socket: Socket;
  readonly take: () => Socket;
}

type Listeners = Readonly<Record<'data' | 'end' | 'close' | 'error', (value?: never) => void>>;

/** Listens until the function that it gives is called; the socket's own listeners stay. */
function listen(socket: Socket, listeners: Listeners): () => void {
  for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
  return () => {
    for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
  };
}

function head({ method, path, headers }: Question): string {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: localhost'];
  for (const [name, value] of Object.entries(headers))
    for (const one of Array.isArray(value) ? value : [value]) {
      if (/[\r\n]/.test(`${name}${one}`)) throw new Error(`a line break in the header ${JSON.stringify(name)}`);
      lines.push(`${name}: ${one}`);
    }
  if (/[^!-~]/.test(path)) throw new Error(`what is no path: ${JSON.stringify(path)}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
