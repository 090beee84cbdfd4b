// Takes the answer to an HTTP request apart as its bytes come (RFC 9112: heads, lengths, chunks, ends by closing).

export interface Answer {
  readonly status: number;
  /** The words behind the status. */
  readonly reason: string;
  /** Names in lower case; of a repeated one the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What came is no answer, or not a whole one. `code` is one that failures.ts knows. */
export class BrokenAnswer extends Error {
  readonly code: 'ECONNRESET' | 'NOT_HTTP';
  constructor(code: 'ECONNRESET' | 'NOT_HTTP') {
    super(
      code === 'NOT_HTTP'
        ? 'what answers there does not speak HTTP'
        : 'the engine closed the connection in the middle of an answer',
    );
    this.code = code;
  }
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
/** No engine sends more; a peer that does is not one. */
const MAX_HEAD_BYTES = 64 * 1024;

interface Head {
  readonly status: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
}

/** Reads one answer. */
export class AnswerReader {
  /** Not a byte has come. */
  isUntouched = true;
  #rest: Buffer = Buffer.alloc(0);
  #head: Head | undefined;
  readonly #body: Buffer[] = [];
  #received = 0;
  /** Bytes of the body that are to come; undefined: until the connection ends. */
  #length: number | undefined;
  #isChunked = false;
  #isTrailer = false;

  /** The answer, once it is whole. */
  read(chunk: Buffer): Answer | undefined {
    this.isUntouched = false;
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#head === undefined) if (!this.#readHead()) return undefined;
    if (this.#isChunked) return this.#readChunks() ? this.#answer() : undefined;
    this.#body.push(this.#rest);
    this.#received += this.#rest.length;
    this.#rest = Buffer.alloc(0);
    return this.#length !== undefined && this.#received >= this.#length ? this.#answer() : undefined;
  }

  /** The connection ended: the answer, if that was how it was to end. */
  end(): Answer {
    if (this.#head === undefined || this.#isChunked || this.#length !== undefined) throw new BrokenAnswer('ECONNRESET');
    return this.#answer();
  }

  /** Of a whole answer: the connection is as it was before the question. */
  get mayServeAgain(): boolean {
    const clean = this.#isChunked ? this.#rest.length === 0 : this.#received === this.#length;
    return clean && this.#head?.headers.connection?.toLowerCase() !== 'close';
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf(HEAD_END);
    if (end < 0) {
      if (this.#rest.length > MAX_HEAD_BYTES) throw new BrokenAnswer('NOT_HTTP');
      return false;
    }
    const [first = '', ...lines] = this.#rest.toString('latin1', 0, end).split('\r\n');
    this.#rest = this.#rest.subarray(end + HEAD_END.length);
    const status = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(first);
    if (status === null) throw new BrokenAnswer('NOT_HTTP');
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    // 1xx announces the answer proper.
    if (status[1]?.startsWith('1')) return this.#rest.length > 0;
    this.#head = { status: Number(status[1]), reason: status[2] ?? '', headers };
    this.#isChunked = headers['transfer-encoding']?.toLowerCase() === 'chunked';
    const isEmpty = this.#head.status === 204 || this.#head.status === 304;
    const length = headers['content-length'];
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new BrokenAnswer('NOT_HTTP');
    this.#length = isEmpty ? 0 : length === undefined ? undefined : Number(length);
    return true;
  }

  /** True after the last chunk and what follows it. */
  #readChunks(): boolean {
    for (;;) {
      const end = this.#rest.indexOf(LINE_END);
      if (end < 0) return false;
      const line = this.#rest.toString('latin1', 0, end);
      const after = end + LINE_END.length;
      if (this.#isTrailer) {
        this.#rest = this.#rest.subarray(after);
        if (line === '') return true;
        continue;
      }
      const digits = /^[0-9a-f]{1,12}(?=;|\s*$)/i.exec(line);
      if (digits === null) throw new BrokenAnswer('NOT_HTTP');
      const size = Number.parseInt(digits[0], 16);
      if (size === 0) {
        this.#isTrailer = true;
        this.#rest = this.#rest.subarray(after);
        continue;
      }
      if (this.#rest.length < after + size + LINE_END.length) return false;
      this.#body.push(this.#rest.subarray(after, after + size));
      this.#rest = this.#rest.subarray(after + size + LINE_END.length);
    }
  }

  #answer(): Answer {
    const { status, reason, headers } = this.#head ?? { status: 0, reason: '', headers: {} };
    const body = this.#body.length === 1 ? this.#body[0] : Buffer.concat(this.#body);
    return { status, reason, headers, text: body?.toString() ?? '' };
  }
}
