// `port`: the address on the host behind a container's port.
import { UsageError, WindlassError } from '../../errors.ts';
import type { CommandRun } from '../declaration.ts';
import type { portFlags } from '../declarations/view.ts';
import { projectName } from '../project-name.ts';
import { oneContainer } from '../select-containers.ts';

export const run: CommandRun<typeof portFlags> = async (context, flags, [service = '', text = '']) => {
  const port = portNumber(text);
  const protocol = flags.protocol.toLowerCase();
  const name = await projectName(context);
  const engine = await context.engine(name);
  const containers = await engine.listContainers(name, context.signal);
  const container = oneContainer(containers, service, flags.index, { oneOffs: true, stopped: false });
  const found = container.ports.find((one) => one.containerPort === port && one.protocol === protocol);
  if (found === undefined) {
    const published = container.ports.map((one) => `${one.hostPort}/${one.protocol}`).join(', ');
    const inside = [...new Set(container.ports.map((one) => `${one.containerPort}/${one.protocol}`))].join(', ');
    throw new WindlassError(
      'PORT_NOT_FOUND',
      `no port ${port}/${protocol} for container ${container.name}: ${published}`,
      { hint: inside === '' ? 'it publishes no port' : `the ports of the container that are published: ${inside}` },
    );
  }
  context.io.stdout.write(`${found.hostIp}:${found.hostPort}\n`);
  return 0;
};

function portNumber(text: string): number {
  const hint = 'give a port of the container, from 0 to 65535';
  if (!/^\d+$/.test(text)) throw new UsageError(`strconv.ParseUint: parsing "${text}": invalid syntax`, { hint });
  const port = Number(text);
  if (port > 65_535) throw new UsageError(`strconv.ParseUint: parsing "${text}": value out of range`, { hint });
  return port;
}
