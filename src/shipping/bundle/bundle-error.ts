// A bundle is not what it should be, or cannot be made.
import { WindlassError, type WindlassErrorOptions } from '../../errors.ts';

export class BundleError extends WindlassError {
  constructor(message: string, options: WindlassErrorOptions = {}) {
    super('BUNDLE', message, options);
  }
}
