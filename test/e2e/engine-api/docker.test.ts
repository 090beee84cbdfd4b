// The checks of the Docker Engine API on the engine of the run.
import { inject } from 'vitest';
import { apiSuite } from '../../engine-api/suite.ts';

apiSuite({ kind: 'docker', socket: () => inject('ground').dockerHost.slice('unix://'.length) });
