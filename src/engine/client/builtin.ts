// Node's own modules, loaded the quick way and when they are first needed. An `import` of one makes Node fill in all of its
// exports, and with them load what stands behind the rarest: `import 'node:http'` takes 20 ms more than `require`, since it
// brings a second HTTP implementation for WebSockets; node:stream and node:crypto take 4 ms more. Every command would pay for it.
import { createRequire } from 'node:module';

/** `require`, for the modules that only some calls need. */
export const load = createRequire(import.meta.url);

export const http = (): typeof import('node:http') => load('node:http');
export const stream = (): typeof import('node:stream') => load('node:stream');
