// The one thing to know about timers.

/** Node.js fires a timer of more than 2^31 - 1 ms, about 25 days, at once: what is to happen later than that happens then. */
export const timerDelay = (milliseconds: number): number => Math.min(milliseconds, 2 ** 31 - 1);
