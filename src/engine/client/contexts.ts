// Docker contexts: named engine addresses that `docker context create` keeps below docker's configuration directory.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, messageOf } from '../../errors.ts';
import { record, text } from '../../json.ts';
import { load } from './builtin.ts';
import { type EngineTarget, parseAddress } from './target.ts';
import { tlsFromDirectory } from './tls.ts';

/**
 * The target of a context by name.
 * @throws EngineError when there is no such context or it names no engine.
 */
export function contextTarget(name: string, configDirectory: string): Pick<EngineTarget, 'address' | 'tls'> {
  // The folder is the digest of the name, so that any name will do.
  const { createHash }: typeof import('node:crypto') = load('node:crypto');
  const id = createHash('sha256').update(name).digest('hex');
  const path = join(configDirectory, 'contexts', 'meta', id, 'meta.json');
  const endpoint = record(record(readMeta(name, path).Endpoints).docker);
  const host = text(endpoint.Host);
  if (host === '')
    throw refuse(name, 'it names no docker host', 'create it again with: docker context create --docker host=…');
  const tlsDirectory = join(configDirectory, 'contexts', 'tls', id, 'docker');
  const skipsVerify = endpoint.SkipTLSVerify === true;
  const address = parseAddress(host);
  const hasTls = address.type === 'tcp' && (existsSync(tlsDirectory) || skipsVerify);
  return { address, ...(hasTls ? { tls: tlsFromDirectory(tlsDirectory, !skipsVerify) } : {}) };
}

function readMeta(name: string, path: string): Readonly<Record<string, unknown>> {
  if (!existsSync(path))
    throw refuse(name, 'there is no such context', 'list them with "docker context ls", or unset DOCKER_CONTEXT');
  try {
    return record(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw refuse(name, `"${path}" cannot be read: ${messageOf(cause)}`, 'create the context again');
  }
}

const refuse = (name: string, why: string, hint: string): EngineError =>
  new EngineError(`docker context "${name}": ${why}`, { kind: 'unavailable', verb: 'connect', hint });
