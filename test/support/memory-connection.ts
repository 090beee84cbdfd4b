// A connection without a network: what one end writes, the other reads. Unlike the duplexPair of Node.js, an end that is closed does not
// wait for the other to have read all, as a socket does not.
import { Duplex } from 'node:stream';

/** Two ends of a connection in memory. */
export function memoryConnection(): [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        other().push(chunk);
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const ends: [Duplex, Duplex] = [make(() => ends[1]), make(() => ends[0])];
  return ends;
}
