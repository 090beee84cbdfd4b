// What every engine owes windlass, checked through the Engine interface alone. Give it a way to connect; run it on each engine.
import { afterAll, beforeAll, describe } from 'vitest';
import { type At, Bench, type EngineUnderTest } from './bench.ts';
import { builds } from './builds.ts';
import { creation } from './creation.ts';
import { images } from './images.ts';
import { insides } from './insides.ts';
import { life } from './life.ts';
import { lookUps } from './look-ups.ts';
import { resources } from './resources.ts';
import { streams } from './streams.ts';

/** Every check. */
export function engineSuite(subject: EngineUnderTest): void {
  partOfSuite(subject, [lookUps, creation, life, resources, streams, insides, images, builds]);
}

/** The checks of building alone, for each way to build. */
export function buildSuite(subject: EngineUnderTest): void {
  partOfSuite(subject, [builds]);
}

function partOfSuite(subject: EngineUnderTest, parts: readonly ((at: At) => void)[]): void {
  describe(`the engine ${subject.name}`, () => {
    let bench: Bench | undefined;
    const at: At = () => {
      if (bench === undefined) throw new Error('the engine is not connected');
      return bench;
    };
    beforeAll(async () => {
      bench = new Bench(await subject.connect(), subject);
    });
    afterAll(async () => {
      await bench?.clear();
      await bench?.engine.close();
    });
    for (const part of parts) part(at);
  });
}
