// The Docker Engine API as its clients meet it: statuses, texts, shapes and what really happens. Give it an engine's socket; the same
// checks run on Docker Engine and on the native engine. Where the two differ on purpose, docs/native-engine.md says so.
import { afterAll, beforeAll, describe } from 'vitest';
import { archives } from './archives.ts';
import { attaching } from './attaching.ts';
import { ApiBench, type ApiSubject, type At } from './bench.ts';
import { builds } from './builds.ts';
import { creation } from './creation.ts';
import { events } from './events.ts';
import { execs } from './execs.ts';
import { images } from './images.ts';
import { inspection } from './inspection.ts';
import { life } from './life.ts';
import { lists } from './lists.ts';
import { logs } from './logs.ts';
import { measures } from './measures.ts';
import { networks } from './networks.ts';
import { system } from './system.ts';
import { volumes } from './volumes.ts';

const PARTS: Readonly<Record<string, (at: At) => void>> = {
  system,
  'making containers': creation,
  'the life of containers': life,
  'inspecting containers': inspection,
  'listing containers': lists,
  logs,
  attaching,
  'running commands inside': execs,
  'files of containers': archives,
  'processes and figures': measures,
  images,
  builds,
  networks,
  volumes,
  events,
};

export function apiSuite(subject: ApiSubject): void {
  for (const [name, part] of Object.entries(PARTS))
    describe(name, () => {
      let bench: ApiBench | undefined;
      const at: At = () => {
        if (bench === undefined) throw new Error('the engine was not asked yet');
        return bench;
      };
      beforeAll(() => {
        bench = new ApiBench(subject);
      });
      afterAll(() => bench?.clear());
      part(at);
    });
}
