// Registries that are set up in the engine's configuration: mirrors, certificates of one's own, no proper TLS.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engineSettings } from '../../src/engine/native/settings.ts';
import { RegistryError } from '../../src/registry/client.ts';
import { parseReference, type Reference } from '../../src/registry/reference.ts';
import { Registries } from '../../src/registry/registries.ts';
import { DEFAULT_CERTIFICATES, DEFAULT_SETTINGS, isInsecure } from '../../src/registry/settings.ts';

describe('the configuration', () => {
  const read = (value: unknown) => engineSettings(JSON.stringify(value), '/etc/engine.json').registries;

  test('says what is to be otherwise than usual', () => {
    expect(read({})).toEqual({ mirrors: [], insecure: [], certificates: DEFAULT_CERTIFICATES });
    expect(
      read({
        'registry-mirrors': ['https://mirror.example/', 'http://10.0.0.5:5000/hub'],
        'insecure-registries': ['registry.lan:5000', '10.0.0.0/8'],
        'registry-certificates': ['/certs'],
      }),
    ).toEqual({
      mirrors: ['https://mirror.example', 'http://10.0.0.5:5000/hub'],
      insecure: ['registry.lan:5000', '10.0.0.0/8'],
      certificates: ['/certs'],
    });
  });

  test.each<[unknown, string]>([
    [[], 'it is no JSON object'],
    [{ 'registry-mirror': [] }, '"registry-mirror" is not known'],
    [{ 'registry-mirrors': 'https://a' }, '"registry-mirrors" is no list of texts'],
    [{ 'registry-mirrors': ['mirror.example'] }, 'is no address of a mirror'],
    [{ 'registry-mirrors': ['https://user:pw@mirror.example'] }, 'is no address of a mirror'],
    [{ 'insecure-registries': ['http://registry.lan'] }, 'write host[:port]'],
    [{ 'userns-remap': true }, '"userns-remap" is no text'],
  ])('%j is refused', (value, message) => {
    expect(() => read(value)).toThrow(message);
  });

  test('text that is no JSON is refused', () => {
    expect(() => engineSettings('{', '/etc/engine.json')).toThrow('/etc/engine.json cannot be used');
  });

  test.each([
    ['registry.lan:5000', true],
    ['registry.lan', false],
    ['10.1.2.3:5000', true],
    ['11.1.2.3', false],
    ['open.lan:1', true],
    ['[fd00::1]:5000', true],
  ])('%s is insecure: %s', (registry, expected) => {
    expect(isInsecure(['registry.lan:5000', '10.0.0.0/8', 'open.lan', 'fd00::1'], registry)).toBe(expected);
  });
});

const TLS = fileURLToPath(new URL('../fixtures/tls', import.meta.url));
const pem = (name: string): Promise<string> => readFile(join(TLS, name), 'utf8');
const reference = (text: string): Reference => parseReference(text) ?? expect.fail(`not a reference: ${text}`);

let folder: string;
const servers: Server[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-registries-'));
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await rm(folder, { recursive: true });
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  servers.push(server);
  return (server.address() as AddressInfo).port;
}
const overTls = async (listener: RequestListener, more = {}): Promise<number> =>
  listen(createHttpsServer({ cert: await pem('cert.pem'), key: await pem('key.pem'), ...more }, listener));

const seen: string[] = [];
beforeEach(() => seen.splice(0));
/** A registry of which every manifest is the same. */
const registry: RequestListener = (request, response) => {
  seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}`);
  if (request.url === '/v2/') response.writeHead(200).end('{}');
  else response.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json').end('{"schemaVersion":2}');
};
const manifest = async (registries: Registries, name: string, credentials = {}): Promise<string> => {
  const { result } = await registries.reading(reference(name), credentials, (client) => client.manifest('1'));
  return result.text;
};
async function trust(host: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(join(folder, 'certs', host), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'certs', host, name), text);
  return join(folder, 'certs');
}

test('a registry with an authority of its own is trusted when its certificate is there', async () => {
  const port = await overTls(registry);
  const name = `127.0.0.1:${port}/shop/web`;
  const certificates = [await trust(`127.0.0.1:${port}`, { 'ca.crt': await pem('ca.pem') })];
  expect(await manifest(new Registries({ ...DEFAULT_SETTINGS, certificates }), name)).toBe('{"schemaVersion":2}');
  await new Registries({ ...DEFAULT_SETTINGS, certificates }).login(`127.0.0.1:${port}`, {});
  // Elsewhere than on loopback nobody is trusted without.
  await expect(manifest(new Registries(DEFAULT_SETTINGS), `0.0.0.0:${port}/shop/web`)).rejects.toThrow(RegistryError);
});

test('a registry that wants to see a certificate gets the one that is there', async () => {
  const ca = await pem('ca.pem');
  const port = await overTls(registry, { requestCert: true, ca: [ca] });
  const host = `127.0.0.1:${port}`;
  const own = { 'ca.crt': ca, 'client.cert': await pem('cert.pem'), 'client.key': await pem('key.pem') };
  const certificates = [await trust(host, own)];
  expect(await manifest(new Registries({ ...DEFAULT_SETTINGS, certificates }), `${host}/shop/web`)).toContain('2');
  await rm(join(folder, 'certs', host, 'client.key'));
  await expect(manifest(new Registries({ ...DEFAULT_SETTINGS, certificates }), `${host}/shop/web`)).rejects.toThrow(
    /client\.key is not/,
  );
});

test('an insecure registry needs no certificate that can be checked, and no TLS at all', async () => {
  const hidden = await overTls(registry);
  const plain = await listen(createHttpServer(registry));
  const registries = new Registries({ ...DEFAULT_SETTINGS, insecure: ['0.0.0.0/32'] });
  for (const port of [hidden, plain]) expect(await manifest(registries, `0.0.0.0:${port}/shop/web`)).toContain('2');
  await expect(manifest(new Registries(DEFAULT_SETTINGS), `0.0.0.0:${plain}/shop/web`)).rejects.toThrow(RegistryError);
});

test('mirrors of Docker Hub are asked in order, without the user’s credentials, and nobody else’s', async () => {
  const broken = await listen(createHttpServer((_, response) => response.writeHead(503).end()));
  const working = await listen(createHttpServer(registry));
  const mirrors = [`http://127.0.0.1:${broken}`, `http://127.0.0.1:${working}`];
  const registries = new Registries({ ...DEFAULT_SETTINGS, mirrors });
  expect(await manifest(registries, 'busybox', { username: 'me', password: 'pw' })).toContain('2');
  expect(seen).toEqual(['GET /v2/library/busybox/manifests/1 -']);
  const own = await listen(createHttpServer(registry));
  seen.splice(0);
  await manifest(registries, `127.0.0.1:${own}/busybox`);
  expect(seen).toEqual(['GET /v2/busybox/manifests/1 -']);
});

test('what goes elsewhere by redirection goes without credentials', async () => {
  const elsewhere = await listen(createHttpServer(registry));
  const ca = await pem('ca.pem');
  const port = await overTls((request, response) => {
    if (request.headers.authorization === undefined)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    else response.writeHead(307, { location: `http://127.0.0.1:${elsewhere}/stored` }).end();
  });
  const certificates = [await trust(`127.0.0.1:${port}`, { 'ca.crt': ca })];
  const registries = new Registries({ ...DEFAULT_SETTINGS, certificates });
  await manifest(registries, `127.0.0.1:${port}/shop/web`, { username: 'me', password: 'pw' });
  expect(seen).toEqual(['GET /stored -']);
});
