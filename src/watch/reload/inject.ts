// Putting a script into a page while it passes by: before the last `</body>`. Only what may turn out to be that end is held back.
import { Transform } from 'node:stream';

const END = Buffer.from('</body');

/** A page without `</body>` gets the element at its end if it begins like a whole document; a fragment is left alone. */
export function injecting(element: string): Transform {
  let held: Buffer = Buffer.alloc(0);
  let sawEnd = false;
  let head = '';
  return new Transform({
    transform(chunk: Buffer, _, done) {
      if (head.length < 512) head += chunk.toString('latin1', 0, 512);
      const text = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const last = lastEnd(text);
      // From the end tag on, or as much as could be the beginning of one.
      const keep = last >= 0 ? last : sawEnd ? 0 : Math.max(0, text.length - (END.length - 1));
      sawEnd ||= last >= 0;
      held = text.subarray(keep);
      if (keep > 0) this.push(text.subarray(0, keep));
      done();
    },
    flush(done) {
      if (sawEnd) this.push(Buffer.concat([Buffer.from(element), held]));
      else
        this.push(
          /^\s*(<!--[\s\S]*?-->\s*)*<(!doctype html|html)\b/i.test(head)
            ? Buffer.concat([held, Buffer.from(element)])
            : held,
        );
      done();
    },
  });
}

/** Where the last end tag begins, in any case of letters; -1 without one. */
const lastEnd = (text: Buffer): number => text.toString('latin1').toLowerCase().lastIndexOf(END.toString());
