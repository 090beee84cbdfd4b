// Names in archives are bytes, and mostly UTF-8. Those that are not must come out of one archive and go into another unchanged.
import { isUtf8 } from 'node:buffer';

/** What stands for a byte that is no UTF-8: a lone surrogate, which no text holds. Python's "surrogateescape". */
const ESCAPED = 0xdc00;
const LONE = /[\udc80-\udcff]/u;
const LONGEST_CHARACTER = 4;

/** Text for the bytes of a name; `encodeName` gives exactly these bytes back. */
export function decodeName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    let length = 1;
    while (length <= LONGEST_CHARACTER && !isUtf8(bytes.subarray(at, at + length))) length++;
    if (length > LONGEST_CHARACTER) {
      text += String.fromCharCode(ESCAPED + (bytes[at] ?? 0));
      at++;
    } else {
      text += bytes.toString('utf8', at, at + length);
      at += length;
    }
  }
  return text;
}

export function encodeName(text: string): Buffer {
  if (!LONE.test(text)) return Buffer.from(text);
  return Buffer.concat(
    Array.from(text, (character) => {
      const byte = character.charCodeAt(0) - ESCAPED;
      return byte >= 0x80 && byte <= 0xff ? Buffer.of(byte) : Buffer.from(character);
    }),
  );
}
