// Creating and removing networks.

import type { Engine } from '../engine.ts';
import { ask, type Client } from './client.ts';
import { absentAsUndefined } from './observe.ts';
import { networkBody } from './translate/networks.ts';

export function networkVerbs(client: Client): Pick<Engine, 'createNetwork' | 'removeNetwork'> {
  return {
    async createNetwork(network, labels, signal) {
      const about = { verb: 'createNetwork', resource: `network "${network.name}"`, signal };
      const created = await ask(client, about, (docker) =>
        docker.createNetwork({ Name: network.name, ...{ _query: {}, _body: networkBody(network, labels) } }),
      );
      return created.id;
    },
    async removeNetwork(nameOrId, signal) {
      const about = { verb: 'removeNetwork', resource: `network "${nameOrId}"`, signal };
      await absentAsUndefined(
        ask(client, about, async (docker) => {
          await docker.getNetwork(encodeURIComponent(nameOrId)).remove();
        }),
      );
    },
  };
}
