// Failures as the Docker Engine API tells them: a status and a message. Clients match on both.
import { WindlassError } from '../../../errors.ts';

/** An answer other than success. Anything else thrown by a handler is answered as 500. */
export class ApiError extends WindlassError {
  readonly status: number;

  constructor(status: number, message: string, options: { readonly cause?: unknown } = {}) {
    super('API', message, options);
    this.status = status;
  }
}

export const badRequest = (message: string): ApiError => new ApiError(400, message);
export const forbidden = (message: string): ApiError => new ApiError(403, message);
export const notFound = (message: string): ApiError => new ApiError(404, message);
export const conflict = (message: string): ApiError => new ApiError(409, message);
/** The request is understood and not served by this engine. */
export const notServed = (what: string): ApiError =>
  new ApiError(501, `${what} is not served by the windlass native engine`);

export const noSuchContainer = (name: string): ApiError => notFound(`No such container: ${name}`);
export const noSuchImage = (name: string): ApiError => notFound(`No such image: ${name}`);
export const noSuchNetwork = (name: string): ApiError => notFound(`network ${name} not found`);
export const noSuchVolume = (name: string): ApiError => notFound(`get ${name}: no such volume`);
