import { expect, it } from 'vitest';
import { Progress } from '../../../../src/engine/native/builder/buildkit/progress.ts';
import { VertexReport } from '../../../../src/engine/native/builder/buildkit/report.ts';
import { parseDockerfile } from '../../../../src/engine/native/builder/dockerfile/parse.ts';
import { CommandFailed } from '../../../../src/engine/native/builder/steps/run-step.ts';
import { decode, messagesOf, numberOf, textOf } from '../../../../src/protobuf.ts';

const never = new AbortController().signal;

/** Everything that is told, a line each. */
async function told(progress: Progress, signal: AbortSignal = never): Promise<string[]> {
  const names = new Map<string, string>();
  const lines: string[] = [];
  for await (const bytes of progress.follow(signal)) {
    const message = decode(bytes);
    for (const vertex of messagesOf(message, 1)) {
      names.set(textOf(vertex, 1), textOf(vertex, 3));
      const outcome = textOf(vertex, 7) || (numberOf(vertex, 4) === 1 ? 'cached' : 'done');
      lines.push(`${textOf(vertex, 3)} ${vertex.has(6) ? outcome : 'begins'}`);
    }
    for (const log of messagesOf(message, 3)) lines.push(`${names.get(textOf(log, 1))}: ${textOf(log, 4)}`);
    for (const warning of messagesOf(message, 4)) lines.push(`warning ${textOf(warning, 3)}`);
  }
  return lines;
}

it('steps are numbered within their stage, and those that make no files are not told', async () => {
  const { stages } = parseDockerfile('FROM busybox AS base\nENV A=1\nRUN one\nFROM base\nCOPY a b\nCMD x\nWORKDIR /w');
  const progress = new Progress();
  const report = new VertexReport(progress, progress.vertex('definition'));
  report.note('careful\n');
  const outputs = report.plan({ globals: [], stages, platform: undefined });
  for (const stage of stages) {
    const output = outputs.get(stage);
    output?.step({ text: stage.text, kind: 'from' });
    for (const step of stage.instructions) {
      output?.step(step);
      if (step.kind === 'run') output?.text('said\n');
      if (step.kind === 'copy') output?.cached();
    }
    output?.end();
  }
  progress.end();
  const lines = await told(progress);
  expect(lines.filter((line) => line.endsWith('begins'))).toEqual([
    'definition begins',
    '[base 1/2] FROM busybox begins',
    '[base 2/2] RUN one begins',
    '[stage-1 1/2] COPY a b begins',
    '[stage-1 2/2] WORKDIR /w begins',
  ]);
  expect(lines).toContain('[base 2/2] RUN one: said\n');
  expect(lines).toContain('[stage-1 1/2] COPY a b cached');
  expect(lines).toContain('[stage-1 2/2] WORKDIR /w done');
  expect(lines).toContain('warning careful');
});

it('one step failed; others that it took along were cancelled', async () => {
  const { stages } = parseDockerfile('FROM busybox AS a\nRUN one\nFROM busybox AS b\nRUN two');
  const progress = new Progress();
  const outputs = new VertexReport(progress, progress.vertex('definition')).plan({
    globals: [],
    stages,
    platform: undefined,
  });
  const failure = new CommandFailed(['/bin/sh', '-c', 'say "x"'], 4);
  for (const output of outputs.values()) {
    output.step({ text: 'RUN x', kind: 'run' });
    output.end(failure);
  }
  progress.end();
  expect(await told(progress)).toEqual(
    expect.arrayContaining([
      '[a 1/2] RUN x process "/bin/sh -c say \\"x\\"" did not complete successfully: exit code: 4',
      '[b 1/2] RUN x context canceled',
    ]),
  );
});

it('who comes later gets what follows; who leaves gets no more, and holds nobody up', async () => {
  const progress = new Progress();
  const vertex = progress.vertex('v');
  const leaving = new AbortController();
  const first = told(progress, leaving.signal);
  await new Promise<void>((resolve) => setImmediate(resolve));
  const second = told(progress);
  await new Promise<void>((resolve) => setImmediate(resolve));
  leaving.abort();
  expect(await first).toEqual(['v begins']);
  vertex.log('x'.repeat(9 * 1024 * 1024));
  await progress.ready();
  vertex.done();
  progress.end();
  expect((await second).join('').length).toBeGreaterThan(9e6);
});

it('a build that nobody watches keeps only so much of what it says', async () => {
  const progress = new Progress();
  const vertex = progress.vertex('v');
  for (let index = 0; index < 40; index += 1) vertex.log('x'.repeat(1024 * 1024));
  await progress.ready();
  vertex.done();
  progress.end();
  const lines = await told(progress);
  expect(lines.join('').length).toBeLessThan(10 * 1024 * 1024);
  expect(lines).toContain('v done');
});
