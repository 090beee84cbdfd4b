// A stream that ends with the user's Ctrl-C, however long it would go on.

/** Throws the signal's reason before the next piece once it is aborted. */
export async function* interruptible<T>(source: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  for await (const piece of source) {
    signal?.throwIfAborted();
    yield piece;
  }
}
