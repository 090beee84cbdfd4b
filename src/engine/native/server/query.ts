// How a request's query is read. Pure.
import { badRequest } from './api-error.ts';

/** As Docker reads a switch. */
export const isTrue = (value: string | null | undefined): boolean =>
  value !== null && value !== undefined && !['', '0', 'no', 'false', 'none'].includes(value.trim().toLowerCase());

/** A parameter that is JSON; undefined where it is not given, or `null`. @throws ApiError where it is anything else than `fits`. */
export function json<T>(query: URLSearchParams, name: string, fits: (value: unknown) => value is T): T | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badRequest(`invalid value for "${name}": it is not JSON`);
  }
  if (value === null) return undefined;
  if (!fits(value)) throw badRequest(`invalid value for "${name}"`);
  return value;
}

export const isStringList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
export const isStringMap = (value: unknown): value is Record<string, string | null> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((item) => typeof item === 'string' || item === null);
