// JSON of a bundle, read with messages that are about the bundle.
import { Decoder } from '../../decode-json.ts';
import { BundleError } from './bundle-error.ts';

const fail = (message: string, cause?: unknown): never => {
  throw new BundleError(message, { cause, hint: 'the bundle is damaged, or was not made by windlass' });
};

/** Reads a JSON text. `name` is what messages call it. */
export function decodeJson(text: string, name: string): Decoder {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    fail(`${name} is not JSON`, cause);
  }
  return new Decoder(value, name, fail);
}
