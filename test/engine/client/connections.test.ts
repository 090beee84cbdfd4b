import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectDockerEngine } from '../../../src/engine/client/index.ts';
import { parseAddress } from '../../../src/engine/client/target.ts';
import { tlsFromDirectory } from '../../../src/engine/client/tls.ts';
import { engineServer, json } from '../../support/engine-server.ts';

const CERTIFICATES = fileURLToPath(new URL('../../fixtures/tls', import.meta.url));
const NOWHERE = '/no/such/folder';

/** A program named ssh, first on PATH for one test. */
function fakeSsh(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-ssh-'));
  writeFileSync(join(folder, 'ssh'), script);
  chmodSync(join(folder, 'ssh'), 0o755);
  const path = process.env.PATH;
  process.env.PATH = `${folder}:${path}`;
  onTestFinished(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

describe('ssh hosts', () => {
  it('are reached through the ssh program, over connections that are kept', async () => {
    const server = await engineServer({ 'GET /version': json({ Arch: 'arm64' }), 'GET /containers/json': json([]) });
    // What `docker system dial-stdio` does on the other side.
    const folder = fakeSsh(`#!${process.execPath}
const { appendFileSync } = require('node:fs');
appendFileSync(__dirname + '/asked', process.argv.slice(2).join(' ') + '\\n');
const engine = require('node:net').connect(${JSON.stringify(server.socket)});
process.stdin.pipe(engine).pipe(process.stdout);
engine.on('close', () => process.exit(0));
`);
    const engine = await connectDockerEngine(
      { address: parseAddress('ssh://me@far'), configDirectory: NOWHERE },
      { env: {} },
    );
    for (let call = 0; call < 3; call += 1) expect(await engine.listPublishedPorts()).toEqual([]);
    await engine.close();
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe(
      '-o ConnectTimeout=30 -T -l me -- far docker system dial-stdio\n',
    );
  });

  it('that cannot be reached say what ssh said', async () => {
    fakeSsh('#!/bin/sh\necho "me@far: Permission denied (publickey)." >&2\nexit 255\n');
    const connecting = connectDockerEngine(
      { address: parseAddress('ssh://me@far'), configDirectory: NOWHERE },
      { env: {} },
    );
    await expect(connecting).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/ssh to "far" ended with status 255: me@far: Permission denied \(publickey\)\./),
      hint: 'try it by hand: ssh far docker version',
    });
  });
});

describe('TLS hosts', () => {
  async function tlsEngine(): Promise<string> {
    const read = (name: string): string => readFileSync(join(CERTIFICATES, name), 'utf8');
    const server = createTlsServer(
      { key: read('key.pem'), cert: read('cert.pem'), ca: read('ca.pem'), requestCert: true, rejectUnauthorized: true },
      (request, response) => {
        const headers = {
          'Api-Version': '1.41',
          Server: 'Docker/20.10.24 (linux)',
          'Content-Type': 'application/json',
        };
        response.writeHead(200, headers).end(request.url?.endsWith('/version') ? '{"Arch":"arm64"}' : '[]');
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close().closeAllConnections());
    return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it("are reached with the client's certificate, the engine's one checked", async () => {
    const address = parseAddress(await tlsEngine());
    const engine = await connectDockerEngine(
      { address, tls: tlsFromDirectory(CERTIFICATES, true), configDirectory: NOWHERE },
      { env: {} },
    );
    expect(await engine.listPublishedPorts()).toEqual([]);
    expect((await engine.capabilities()).architecture).toBe('arm64');
    await engine.close();
  });

  it('whose certificate nobody vouches for are refused, with what to check', async () => {
    const address = parseAddress(await tlsEngine());
    const connecting = connectDockerEngine(
      { address, tls: { ...tlsFromDirectory(CERTIFICATES, true), ca: undefined }, configDirectory: NOWHERE },
      { env: {} },
    );
    await expect(connecting).rejects.toMatchObject({
      kind: 'unavailable',
      hint: expect.stringMatching(/check DOCKER_CERT_PATH/),
    });
  });
});
