// TLS material from a directory of PEM files: ca.pem, cert.pem, key.pem.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, reasonOf } from '../../errors.ts';
import type { TlsMaterial } from './target.ts';

/**
 * Files that are absent are left out: a server may ask for no client certificate.
 * @throws EngineError when a file is there but cannot be read, or a certificate comes without its key.
 */
export function tlsFromDirectory(directory: string, verify: boolean): TlsMaterial {
  const read = (name: string): string | undefined => {
    const path = join(directory, name);
    if (!existsSync(path)) return undefined;
    try {
      return readFileSync(path, 'utf8');
    } catch (cause) {
      throw refuse(`cannot read "${path}": ${reasonOf(cause)}`);
    }
  };
  const [ca, cert, key] = [read('ca.pem'), read('cert.pem'), read('key.pem')];
  if ((cert === undefined) !== (key === undefined))
    throw refuse(
      `"${directory}" holds ${cert === undefined ? 'key.pem without cert.pem' : 'cert.pem without key.pem'}`,
    );
  return { ca, cert, key, verify };
}

const refuse = (message: string): EngineError =>
  new EngineError(message, {
    kind: 'unavailable',
    verb: 'connect',
    hint: "check DOCKER_CERT_PATH or the docker context's TLS files",
  });
