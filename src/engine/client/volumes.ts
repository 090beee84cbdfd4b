// Creating and removing volumes.
import type { VolumeCreateOptions } from 'dockerode';
import type { Engine } from '../engine.ts';
import { ask, type Client } from './client.ts';
import { absentAsUndefined } from './observe.ts';

export function volumeVerbs(client: Client): Pick<Engine, 'createVolume' | 'removeVolume'> {
  return {
    async createVolume(volume, labels, signal) {
      const body = {
        Name: volume.name,
        Labels: { ...volume.labels, ...labels },
        ...(volume.driver === undefined ? {} : { Driver: volume.driver }),
        ...(volume.driver_opts === undefined ? {} : { DriverOpts: volume.driver_opts }),
      };
      const about = { verb: 'createVolume', resource: `volume "${volume.name}"`, signal };
      await ask(client, about, (docker) => docker.createVolume({ _query: {}, _body: body } as VolumeCreateOptions));
    },
    async removeVolume(name, signal) {
      const about = { verb: 'removeVolume', resource: `volume "${name}"`, signal };
      await absentAsUndefined(
        ask(client, about, async (docker) => {
          await docker.getVolume(encodeURIComponent(name)).remove({ force: true });
        }),
      );
    },
  };
}
