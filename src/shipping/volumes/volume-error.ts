// The contents of a volume cannot be read, are not what they should be, or cannot be put back.
import { WindlassError, type WindlassErrorOptions } from '../../errors.ts';

export class VolumeError extends WindlassError {
  constructor(message: string, options: WindlassErrorOptions = {}) {
    super('VOLUME', message, options);
  }
}
