// The checks of the Docker Engine API on a native engine of their own.
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { apiSuite } from '../../engine-api/suite.ts';
import { type NativeEngineUnderTest, startNativeEngine } from '../../support/native-engine.ts';

let engine: NativeEngineUnderTest;
beforeAll(async () => {
  engine = await startNativeEngine();
});
afterAll(async () => {
  expect(await engine.tearDown()).toEqual([]);
});

apiSuite({ kind: 'native', socket: () => join(engine.folder, 'engine.sock') });
