// node:http, loaded the quick way. `import 'node:http'` makes Node fill in the module's WebSocket exports, for which it
// loads a second HTTP implementation: 20 ms more on every command than `require` takes.
import { createRequire } from 'node:module';

export const http: typeof import('node:http') = createRequire(import.meta.url)('node:http');
