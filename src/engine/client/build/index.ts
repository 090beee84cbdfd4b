// Building images: chooses the builder.
import { EngineError } from '../../../errors.ts';
import type { Capabilities, Engine } from '../../engine.ts';
import type { Client } from '../client.ts';
import type { DockerConfig } from '../docker-config.ts';
import type { Greeting } from '../handshake.ts';
import type { EngineTarget } from '../target.ts';

export function builderOf(
  _greeting: Greeting,
  _target: EngineTarget,
  _env: Readonly<Record<string, string | undefined>>,
): Capabilities['builder'] {
  return 'none';
}

export function buildVerbs(_client: Client, _config: DockerConfig): Pick<Engine, 'buildImage'> {
  return {
    buildImage(request) {
      return Promise.reject(
        new EngineError(`cannot build service "${request.service}": building is not available`, {
          kind: 'unsupported',
          verb: 'buildImage',
        }),
      );
    },
  };
}
