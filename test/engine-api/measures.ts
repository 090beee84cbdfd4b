// `/containers/{id}/top` and `/containers/{id}/stats`.
import { beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type At, expectRefusal, good, jsonLines } from './bench.ts';

export function measures(at: At): void {
  let id = '';
  let stopped = '';
  beforeAll(async () => {
    id = await at().run({ Cmd: ['sh', '-c', 'sleep 600 & exec sleep 601'], HostConfig: { Memory: 67108864 } });
    stopped = await at().create();
    await eventually('both processes run', async () => {
      const { Processes } = (await at().api.get(`/containers/${id}/top`)).json as { Processes?: string[][] };
      return Processes?.filter((row) => row.at(-1)?.startsWith('sleep')).length === 2;
    });
  });

  test('top lists the processes, with ps’s usual columns', async () => {
    const { Titles, Processes } = good(await at().api.get(`/containers/${id}/top`)).json as {
      Titles: string[];
      Processes: string[][];
    };
    expect(Titles).toEqual(['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
    expect(Processes.map((row) => row.at(-1)).sort()).toEqual(['sleep 600', 'sleep 601']);
    expect(Processes.map((row) => row.length)).toEqual([8, 8]);
  });
  test('top with other columns', async () => {
    const { Titles, Processes } = good(await at().api.get(`/containers/${id}/top`, { ps_args: '-o pid,args' }))
      .json as { Titles: string[]; Processes: string[][] };
    expect(Titles).toEqual(['PID', 'COMMAND']);
    expect(Processes.every(([pid]) => Number(pid) > 0)).toBe(true);
  });
  test('top knows the container’s first process', async () => {
    const { State } = (await at().inspect(id)) as { State: { Pid: number } };
    const { Processes } = good(await at().api.get(`/containers/${id}/top`)).json as { Processes: string[][] };
    expect(Processes.map((row) => row[1])).toContain(String(State.Pid));
  });
  test('top without a PID column is refused', async () => {
    expectRefusal(
      await at().api.get(`/containers/${id}/top`, { ps_args: '-o args' }),
      500,
      /Couldn't find PID field in ps output/,
    );
  });
  test('top of what does not run is 409', async () => {
    expectRefusal(await at().api.get(`/containers/${stopped}/top`), 409, `Container ${stopped} is not running`);
  });
  test('one sample at once', async () => {
    const before = Date.now();
    const { json } = good(await at().api.get(`/containers/${id}/stats`, { stream: 0, 'one-shot': 1 }));
    expect(Date.now() - before).toBeLessThan(900);
    expect(json).toMatchObject({
      id,
      name: expect.stringMatching(/^\/wlt-api-/),
      read: expect.stringMatching(/^20\d\d-/),
      pids_stats: { current: 2 },
      cpu_stats: {
        cpu_usage: { total_usage: expect.any(Number) },
        system_cpu_usage: expect.any(Number),
        online_cpus: expect.any(Number),
      },
      memory_stats: { usage: expect.any(Number), limit: 67108864 },
      networks: {
        eth0: { rx_bytes: expect.any(Number), tx_bytes: expect.any(Number), rx_packets: expect.any(Number) },
      },
    });
    expect(json).toHaveProperty('preread', '0001-01-01T00:00:00Z');
  });
  test('one sample with the one before', async () => {
    const { json } = good(await at().api.get(`/containers/${id}/stats`, { stream: 'false' }));
    expect(json).toHaveProperty('precpu_stats.cpu_usage.total_usage');
    const { read, preread } = json as { read: string; preread: string };
    expect(Date.parse(read) - Date.parse(preread)).toBeGreaterThan(500);
  });
  test('a stream of samples', async () => {
    const flowing = await at().api.flow('GET', `/containers/${id}/stats`, {});
    let text = '';
    for await (const chunk of flowing.chunks) {
      text += chunk;
      if (text.split('\n').filter((line) => line !== '').length >= 2) break;
    }
    flowing.close();
    expect(jsonLines(text).slice(0, 2)).toEqual([expect.objectContaining({ id }), expect.objectContaining({ id })]);
  });
  test('what does not run has empty figures', async () => {
    const { json } = good(await at().api.get(`/containers/${stopped}/stats`, { stream: 0 }));
    expect(json).toMatchObject({ id: stopped, read: '0001-01-01T00:00:00Z' });
  });
  test('figures follow the work', async () => {
    const sample = async (): Promise<number> => {
      const { json } = good(await at().api.get(`/containers/${id}/stats`, { stream: 0, 'one-shot': 1 }));
      return (json as { cpu_stats: { cpu_usage: { total_usage: number } } }).cpu_stats.cpu_usage.total_usage;
    };
    const before = await sample();
    await at().exec(id, 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done');
    expect(await sample()).toBeGreaterThan(before + 1_000_000);
  });
}
