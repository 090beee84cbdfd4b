// `engine run`: the native engine in the foreground. Interrupting it ends the engine; its containers go on.
import { resolve } from 'node:path';
import type { TcpAddress, TlsFiles } from '../../engine/native/server/listeners.ts';
import { UsageError } from '../../errors.ts';
import type { CommandContext } from '../context.ts';
import type { CommandRun } from '../declaration.ts';
import type { engineRunFlags } from '../declarations/engine.ts';
import { groupOf, placeOf, runArguments, type StartFlags, thisProgram } from '../native/serve-flags.ts';

export const run: CommandRun<typeof engineRunFlags> = async (context, flags) => {
  const place = placeOf(context, flags);
  const group = await groupOf(flags.group);
  const { takeKept } = await import('../../engine/native/keeper/inherited.ts');
  const kept = takeKept(process.env);
  const tls = tlsFiles(flags, context.cwd);
  const tcp = await addresses(flags, tls !== undefined);
  if (flags.restart && kept === undefined) {
    await becomeKeeper(context, flags, group);
    return 0;
  }
  const { serveEngine } = await import('../../engine/native/server/serve.ts');
  const { EXIT_IDLE } = await import('../../engine/native/keeper/program.ts');
  const idleSeconds = flags['idle-timeout'];
  const serving = await serveEngine({
    ...{ folders: place, socket: place.socket, group, kept, tcp, tls, idleSeconds },
    usernsRemap: flags['userns-remap'],
  });
  for (const address of serving.addresses) context.io.stderr.write(`windlass engine: listening on ${address}\n`);
  const { signal } = context;
  const interrupted = new Promise<'told'>((done) => {
    if (signal.aborted) done('told');
    signal.addEventListener('abort', () => done('told'), { once: true });
  });
  const reason = await Promise.race([serving.ended, interrupted]);
  await serving.close();
  return reason === 'idle' && kept !== undefined ? EXIT_IDLE : 0;
};

function tlsFiles(flags: StartFlags, cwd: string): TlsFiles | undefined {
  const { tls, tlsverify, tlscacert, tlscert, tlskey } = flags;
  if (!tls && !tlsverify) {
    if (tlscacert !== '' || tlscert !== '' || tlskey !== '')
      throw new UsageError('certificates are given, but no TLS is asked for', { hint: 'add --tlsverify' });
    return undefined;
  }
  const missing = [...(tlscert === '' ? ['--tlscert'] : []), ...(tlskey === '' ? ['--tlskey'] : [])];
  if (tlsverify && tlscacert === '') missing.push('--tlscacert');
  if (missing.length > 0) throw new UsageError(`TLS needs ${missing.join(' and ')}`);
  const at = (file: string): string => resolve(cwd, file);
  return { certificate: at(tlscert), key: at(tlskey), authority: tlsverify ? at(tlscacert) : undefined };
}

async function addresses(flags: StartFlags, tls: boolean): Promise<TcpAddress[]> {
  if (flags.host.length === 0) return [];
  const { tcpAddress } = await import('../../engine/native/server/listeners.ts');
  return flags.host.map((text) => tcpAddress(text, { tls, insist: flags['insecure-tcp'] }));
}

/** The keeper takes the place of this process, and starts the engine below itself. Returns if it was interrupted before. */
async function becomeKeeper(context: CommandContext, flags: StartFlags, group: number): Promise<void> {
  const { foregroundKeeper } = await import('../../engine/native/keeper/foreground.ts');
  const place = placeOf(context, flags);
  await foregroundKeeper(
    { place, group, command: [...thisProgram(), ...runArguments(flags, place, context.cwd)], env: process.env },
    context.signal,
  );
}
