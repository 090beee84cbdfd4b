// What `--link` tells a container on the default network.
import { expect, test } from 'vitest';
import { linkedHosts, linksOf, linkVariables } from '../../src/engine/native/containers/links.ts';
import { type ContainerRecord, NEVER, NOT_STARTED } from '../../src/engine/native/containers/types.ts';

const recordOf = (name: string, more: Partial<ContainerRecord>): ContainerRecord => ({
  id: `${name}0123456789`,
  name,
  created: NEVER,
  imageId: '',
  layers: [],
  config: {},
  hostConfig: {},
  mounts: [],
  endpoints: {},
  ports: [],
  state: NOT_STARTED,
  ...more,
});

test('variables of a link: the ports that the other exposes, in order, and its own variables', () => {
  const lease = {
    endpointId: 'e',
    address: '172.17.0.2',
    prefix: 16,
    gateway: '',
    mac: '',
    interfaceName: 'eth0',
    hostInterface: 'v',
  };
  const bridge = { networkId: 'n', networkName: 'bridge', settings: {} };
  const db = recordOf('db', {
    config: {
      Hostname: 'd1',
      ExposedPorts: { '53/udp': {}, '53/tcp': {}, '5432/tcp': {} },
      Env: ['A=1=2', 'PATH=/bin', 'HOME=/'],
    },
    endpoints: { bridge: { ...bridge, lease } },
  });
  const web = recordOf('web', { hostConfig: { Links: ['db:my-db', 'gone:x'] }, endpoints: { bridge } });
  const links = linksOf(web, [db, web]);
  expect(linkedHosts(links)).toEqual([{ address: '172.17.0.2', names: ['my-db', 'd1', 'db'] }]);
  const variables = linkVariables(web, links);
  expect(variables.slice(0, 5)).toEqual([
    'MY_DB_PORT=tcp://172.17.0.2:53',
    'MY_DB_PORT_53_TCP=tcp://172.17.0.2:53',
    'MY_DB_PORT_53_TCP_ADDR=172.17.0.2',
    'MY_DB_PORT_53_TCP_PORT=53',
    'MY_DB_PORT_53_TCP_PROTO=tcp',
  ]);
  expect(variables[5]).toBe('MY_DB_PORT_53_UDP=udp://172.17.0.2:53');
  expect(variables.slice(-3)).toEqual(['MY_DB_PORT_5432_TCP_PROTO=tcp', 'MY_DB_NAME=/web/my-db', 'MY_DB_ENV_A=1=2']);
  expect(linksOf({ ...web, endpoints: { shop: bridge } }, [db])).toEqual([]);
});
