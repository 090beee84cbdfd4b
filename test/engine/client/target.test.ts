import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { proxyEnvironment, readDockerConfig } from '../../../src/docker-config.ts';
import { contextTarget } from '../../../src/engine/client/contexts.ts';
import { sshArguments } from '../../../src/engine/client/ssh.ts';
import { formatAddress, parseAddress } from '../../../src/engine/client/target.ts';
import { tlsFromDirectory } from '../../../src/engine/client/tls.ts';

describe('engine addresses', () => {
  it.each([
    ['unix:///var/run/docker.sock', 'unix:///var/run/docker.sock'],
    ['tcp://127.0.0.1:2375', 'tcp://127.0.0.1:2375'],
    ['tcp://host', 'tcp://host:2375'],
    ['127.0.0.1:2376', 'tcp://127.0.0.1:2376'],
    ['tcp://[::1]:2375/prefix/', 'tcp://[::1]:2375/prefix'],
    ['http://host', 'tcp://host:80'],
    ['http://host:80', 'tcp://host:80'],
    ['https://host', 'tcp://host:443'],
    ['ssh://me@host:22/run/docker.sock', 'ssh://me@host:22/run/docker.sock'],
    ['ssh://host', 'ssh://host'],
  ])('%s is %s', (host, text) => {
    expect(formatAddress(parseAddress(host))).toBe(text);
  });

  it.each<[string, RegExp]>([
    ['npipe:////./pipe/docker_engine', /named pipes exist on Windows only/],
    ['fd://', /unknown scheme "fd"/],
    ['unix://', /the path of the socket is missing/],
    ['ssh://', /the host is missing/],
    ['ssh://me:hush@host', /a password in the address is not supported/],
    ['ssh://-oProxyCommand=x/', /may not start with "-"|the host is missing/],
    ['ssh://host?x=1', /a query or fragment has no meaning/],
    ['tcp://', /not a host and port/],
  ])('%s is refused', (host, reason) => {
    expect(() => parseAddress(host)).toThrow(reason);
    expect(() => parseAddress(host)).not.toThrow(/hush/);
  });

  it('become arguments of ssh that cannot be taken for options', () => {
    const address = parseAddress('ssh://me@host:2222/run/d.sock');
    if (address.type !== 'ssh') throw new Error('an ssh address');
    expect(sshArguments(address)).toEqual([
      ...['-o', 'ConnectTimeout=30', '-T', '-l', 'me', '-p', '2222', '--', 'host'],
      ...['docker', '--host', 'unix:///run/d.sock', 'system', 'dial-stdio'],
    ]);
  });
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const id = (name: string): string => createHash('sha256').update(name).digest('hex');

function context(name: string, endpoint: object, tls: Readonly<Record<string, string>> = {}): void {
  const meta = join(folder, 'contexts', 'meta', id(name));
  mkdirSync(meta, { recursive: true });
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: endpoint } }));
  if (Object.keys(tls).length === 0) return;
  const directory = join(folder, 'contexts', 'tls', id(name), 'docker');
  mkdirSync(directory, { recursive: true });
  for (const [file, text] of Object.entries(tls)) writeFileSync(join(directory, file), text);
}

describe('docker contexts', () => {
  it('name an address', () => {
    context('remote', { Host: 'ssh://me@host' });
    expect(contextTarget('remote', folder)).toEqual({
      address: { type: 'ssh', host: 'host', user: 'me', port: '', socket: '' },
    });
  });

  it('bring their TLS files', () => {
    context(
      'tls',
      { Host: 'tcp://host:2376', SkipTLSVerify: true },
      { 'ca.pem': 'CA', 'cert.pem': 'CERT', 'key.pem': 'KEY' },
    );
    expect(contextTarget('tls', folder).tls).toEqual({ ca: 'CA', cert: 'CERT', key: 'KEY', verify: false });
  });

  it('that do not exist, are broken or name no host are refused with what to do', () => {
    expect(() => contextTarget('none', folder)).toThrow(/docker context "none": there is no such context/);
    context('empty', {});
    expect(() => contextTarget('empty', folder)).toThrow(/it names no docker host/);
    writeFileSync(join(folder, 'contexts', 'meta', id('empty'), 'meta.json'), '{');
    expect(() => contextTarget('empty', folder)).toThrow(/cannot be read/);
  });
});

describe('TLS files', () => {
  it("may lack the client's certificate, but not half of it", () => {
    writeFileSync(join(folder, 'ca.pem'), 'CA');
    expect(tlsFromDirectory(folder, true)).toEqual({ ca: 'CA', cert: undefined, key: undefined, verify: true });
    writeFileSync(join(folder, 'cert.pem'), 'CERT');
    expect(() => tlsFromDirectory(folder, true)).toThrow(/cert.pem without key.pem/);
  });
});

describe("docker's config.json", () => {
  it('is empty where there is none', () => {
    expect(readDockerConfig(folder)).toEqual({});
  });

  it('that is broken is named without its contents', () => {
    writeFileSync(join(folder, 'config.json'), '{"auths":{"r":{"auth":"hush"');
    expect(() => readDockerConfig(folder)).toThrow(/config.json" is not a JSON object/);
    expect(() => readDockerConfig(folder)).not.toThrow(/hush/);
  });

  it('gives proxies to containers, by engine or by default', () => {
    const config = { proxies: { default: { httpProxy: 'p', noProxy: 'n' }, 'tcp://host:2375': { httpsProxy: 's' } } };
    expect(proxyEnvironment(config, 'unix:///x')).toEqual({
      HTTP_PROXY: 'p',
      http_proxy: 'p',
      NO_PROXY: 'n',
      no_proxy: 'n',
    });
    expect(proxyEnvironment(config, 'tcp://host:2375')).toEqual({ HTTPS_PROXY: 's', https_proxy: 's' });
  });
});
