// Narrow views of JSON that came from outside.

/** A JSON object: neither null nor a list. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object, or an empty one where there is none. */
export const record = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {});

/** The text, or an empty one where there is none. */
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
