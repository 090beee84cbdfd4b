// How much goes from one container to another on a network of their own.
import { ensureIperf, IPERF } from '../../scripts/ground/iperf-image.ts';
import { type Ground, LABEL, PROJECT, type Side } from './ground.ts';
import type { Line } from './table.ts';

const SECONDS = 3;
/** Docker's over windlass's: within a tenth. */
const LIMIT = 1.1;
const SIDES: readonly Side[] = ['windlass', 'docker'];

export async function* throughput(ground: Ground, runs: number): AsyncIterable<Line> {
  await ensureIperf(Object.values(ground.hosts));
  const network = `${PROJECT}-throughput`;
  const rates: Record<Side, number[]> = { windlass: [], docker: [] };
  try {
    for (const side of SIDES) {
      await ground.docker(side, 'network', 'create', network);
      await ground.docker(side, 'run', '-d', '--name', network, '--label', LABEL, '--network', network, IPERF, '-s');
    }
    for (let round = -1; round < runs; round++)
      for (const side of SIDES) {
        const client = ['run', '--rm', '--label', LABEL, '--network', network, IPERF];
        const report = await ground.docker(side, ...client, '-c', network, '-t', String(SECONDS), '-J');
        const { end } = JSON.parse(report) as { end: { sum_received: { bits_per_second: number } } };
        if (round >= 0) rates[side].push(end.sum_received.bits_per_second / 1e9);
      }
  } finally {
    for (const side of SIDES) {
      await ground.docker(side, 'rm', '-f', network);
      await ground.docker(side, 'network', 'rm', network);
      await ground.docker(side, 'rmi', IPERF);
    }
  }
  // What the network can carry; whatever else the machine does only takes away from it.
  const [own, dockers] = [Math.max(...rates.windlass), Math.max(...rates.docker)];
  yield {
    what: 'throughput',
    measured: `${own.toFixed(1)} Gbit/s against ${dockers.toFixed(1)} Gbit/s`,
    value: dockers / own,
    limit: LIMIT,
  };
}
