// Short questions to an engine behind a Unix socket, for commands that look after it.
import { request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Undefined when nobody answers in time. */
export function ask(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  milliseconds: number,
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const asked = request(
      { socketPath, method, path, agent: false, timeout: Math.max(1, milliseconds) },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.on('error', () => resolve(undefined));
      },
    );
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(undefined));
    asked.end();
  });
}

/** Whether an engine answers there. */
export const pings = async (socketPath: string, milliseconds: number): Promise<boolean> =>
  (await ask(socketPath, 'GET', '/_ping', milliseconds))?.status === 200;
