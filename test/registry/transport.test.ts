// How registries are reached: over the proxies of the environment, but never those on loopback.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { fetchWith } from '../../src/registry/transport.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

async function listening(): Promise<{ address: string; asked: string[]; close(): void }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close };
}

// Node.js has agents that know proxies since 24.5.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
test.skipIf(major < 24 || (major === 24 && minor < 5))(
  'a proxy is asked, unless NO_PROXY or loopback says otherwise',
  async () => {
    const [proxy, registry] = [await listening(), await listening()];
    try {
      for (const name of ['http_proxy', 'HTTP_PROXY']) vi.stubEnv(name, proxy.address);
      for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, '192.0.2.77');
      const ask = fetchWith();
      await (await ask('http://registry.test/v2/')).text();
      expect(proxy.asked).toEqual(['http://registry.test/v2/']);
      await (await ask(`${registry.address}/v2/`)).text();
      expect(registry.asked).toEqual(['/v2/']);
      expect(proxy.asked).toHaveLength(1);
    } finally {
      proxy.close();
      registry.close();
    }
  },
);
