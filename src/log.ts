// Debug lines for the curious: silent unless WINDLASS_DEBUG or --verbose is set. Never for progress or results.

let enabled = (process.env.WINDLASS_DEBUG ?? '') !== '';

/** For the rest of the process. */
export function enableDebug(): void {
  enabled = true;
}

/** Writes one line to standard error, with the milliseconds since the process started. */
export function debug(area: string, message: () => string): void {
  if (enabled) process.stderr.write(`[${performance.now().toFixed(1)} ${area}] ${message()}\n`);
}
