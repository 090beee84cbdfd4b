// The conformance suite on a Docker Engine.
import { inject } from 'vitest';
import { connectDockerEngine } from '../../../src/engine/client/index.ts';
import { parseAddress } from '../../../src/engine/client/target.ts';
import { engineSuite } from '../../conformance/engine-suite.ts';

engineSuite({
  name: 'docker',
  connect: (options) =>
    connectDockerEngine({
      address: parseAddress(inject('ground').dockerHost),
      configDirectory: options?.configDirectory ?? '/no/such/folder',
    }),
});
