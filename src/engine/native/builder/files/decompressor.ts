// xz and bzip2, which Node.js cannot read, through the programs of those names.
import { Duplex } from 'node:stream';
import type { DecompressorProgram } from '../../../../archive/compression.ts';
import type { NativeHost } from '../../host.ts';
import { ApiError } from '../../server/api-error.ts';

const PACKAGES = { xz: 'xz-utils', bzip2: 'bzip2' } as const;

export const decompressor =
  (host: NativeHost): DecompressorProgram =>
  (program) => {
    const child = host.start(program, ['-dc'], { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' });
    const { stdin, stdout } = child;
    if (!stdin || !stdout) throw new Error(`${program} was started without its streams`);
    const filter = Duplex.from({ writable: stdin, readable: stdout });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-500);
    });
    child.once('error', () =>
      filter.destroy(
        new ApiError(
          500,
          `archives compressed with ${program} need that program: apt-get install ${PACKAGES[program]}`,
        ),
      ),
    );
    child.once('close', (code) => {
      if (code !== 0 && code !== null) filter.destroy(new Error(`${program}: ${said.trim()}`));
    });
    filter.once('close', () => child.kill());
    return filter;
  };
