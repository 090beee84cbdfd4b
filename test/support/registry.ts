// A registry in memory: the parts of the distribution protocol that a push and a pull need, with basic authentication and
// failures on request. Serves on loopback, which engines talk to over plain HTTP.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Registry {
  /** `127.0.0.1:port`. */
  readonly host: string;
  /** Answers every request with this status and distribution error code; undefined serves again. */
  fail(answer: { readonly status: number; readonly code: string; readonly message: string } | undefined): void;
  close(): Promise<void>;
}

interface Manifest {
  readonly type: string;
  readonly body: Buffer;
}

/** With `user` and `password`, everything needs basic authentication. */
export async function startRegistry(login?: { readonly user: string; readonly password: string }): Promise<Registry> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Manifest>();
  const uploads = new Map<string, Buffer[]>();
  let failing: { status: number; code: string; message: string } | undefined;
  let nextUpload = 0;

  const refuse = (response: ServerResponse, status: number, code: string, message: string): void => {
    response.writeHead(status, {
      'Content-Type': 'application/json',
      ...(status === 401 ? { 'WWW-Authenticate': 'Basic realm="test"' } : {}),
    });
    response.end(JSON.stringify({ errors: [{ code, message }] }));
  };
  const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', 'http://registry');
    if (failing) return refuse(response, failing.status, failing.code, failing.message);
    const expected =
      login === undefined ? undefined : `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
    if (expected !== undefined && request.headers.authorization !== expected)
      return refuse(response, 401, 'UNAUTHORIZED', 'authentication required');
    response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
    const [, name = '', kind = '', rest = ''] =
      /^\/v2\/(.+?)\/(blobs\/uploads|blobs|manifests)\/?(.*)$/.exec(url.pathname) ?? [];
    const key = `${name}:${rest}`;
    switch (`${request.method} ${kind}`) {
      case 'POST blobs/uploads': {
        const id = String(nextUpload++);
        uploads.set(id, []);
        response
          .writeHead(202, { Location: `/v2/${name}/blobs/uploads/${id}`, 'Docker-Upload-UUID': id, Range: '0-0' })
          .end();
        return;
      }
      case 'PATCH blobs/uploads': {
        const parts = uploads.get(rest) ?? [];
        parts.push(body);
        uploads.set(rest, parts);
        const size = parts.reduce((sum, part) => sum + part.length, 0);
        response
          .writeHead(202, {
            Location: `/v2/${name}/blobs/uploads/${rest}`,
            'Docker-Upload-UUID': rest,
            Range: `0-${size - 1}`,
          })
          .end();
        return;
      }
      case 'PUT blobs/uploads': {
        const blob = Buffer.concat([...(uploads.get(rest) ?? []), body]);
        const digest = url.searchParams.get('digest') ?? '';
        if (digestOf(blob) !== digest) return refuse(response, 400, 'DIGEST_INVALID', 'digest does not match');
        blobs.set(digest, blob);
        response.writeHead(201, { Location: `/v2/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest }).end();
        return;
      }
      case 'HEAD blobs':
      case 'GET blobs': {
        const blob = blobs.get(rest);
        if (blob === undefined) return refuse(response, 404, 'BLOB_UNKNOWN', 'blob unknown');
        response.writeHead(200, {
          'Content-Length': blob.length,
          'Docker-Content-Digest': rest,
          'Content-Type': 'application/octet-stream',
        });
        response.end(request.method === 'HEAD' ? undefined : blob);
        return;
      }
      case 'PUT manifests': {
        const manifest = { type: request.headers['content-type'] ?? '', body };
        manifests.set(key, manifest).set(`${name}:${digestOf(body)}`, manifest);
        response.writeHead(201, { 'Docker-Content-Digest': digestOf(body) }).end();
        return;
      }
      case 'HEAD manifests':
      case 'GET manifests': {
        const manifest = manifests.get(key);
        if (manifest === undefined) return refuse(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
        response.writeHead(200, {
          'Content-Type': manifest.type,
          'Content-Length': manifest.body.length,
          'Docker-Content-Digest': digestOf(manifest.body),
        });
        response.end(request.method === 'HEAD' ? undefined : manifest.body);
        return;
      }
      default:
        if (url.pathname.replace(/\/$/, '') === '/v2')
          response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
        else refuse(response, 404, 'UNSUPPORTED', `${request.method} ${url.pathname}`);
    }
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => refuse(response, 500, 'UNKNOWN', String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    fail: (answer) => {
      failing = answer;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
