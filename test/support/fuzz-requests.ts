// Requests to an engine's socket that are made of noise: paths, queries and bodies that look right in part. The same seed gives the same
// requests.
import { Agent, request } from 'node:http';
import { connect } from 'node:net';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD'] as const;

/** Every request of the API that is answered and ends by itself. `#` is replaced by a name. */
const REQUESTS = [
  ...['_ping', 'version', 'info', 'events?since=1&until=2', 'system/df', 'plugins', 'swarm'].map(
    (path) => `GET /${path}`,
  ),
  ...['auth', 'commit?container=#', 'session', 'grpc', 'build', 'build/prune'].map((path) => `POST /${path}`),
  'GET /containers/json',
  ...[
    'json',
    'top',
    'changes',
    'export',
    'archive?path=/etc',
    'logs?stdout=1&stderr=1',
    'stats?stream=0&one-shot=1',
  ].map((rest) => `GET /containers/#/${rest}`),
  ...['create', 'create?name=wlt', 'create?name=#', 'prune'].map((rest) => `POST /containers/${rest}`),
  ...[
    'start',
    'stop?t=0',
    'restart?t=0',
    'kill',
    'pause',
    'unpause',
    'rename?name=wlt',
    'update',
    'resize',
    'exec',
  ].map((rest) => `POST /containers/#/${rest}`),
  ...['PUT /containers/#/archive?path=/tmp', 'HEAD /containers/#/archive?path=/tmp', 'DELETE /containers/#?force=1'],
  ...['GET /exec/#/json', 'POST /exec/#/start', 'POST /exec/#/resize'],
  ...['json', 'get?names=#', 'search?term=#', '#/json', '#/history', '#/get'].map((rest) => `GET /images/${rest}`),
  ...['create?fromSrc=-&repo=wlt', 'create?fromImage=#', 'load', 'prune', '#/tag?repo=wlt', '#/push'].map(
    (rest) => `POST /images/${rest}`,
  ),
  ...['DELETE /images/#', 'GET /distribution/#/json'],
  ...['GET /networks', 'GET /networks/#', 'DELETE /networks/#', 'POST /networks/create', 'POST /networks/prune'],
  ...['POST /networks/#/connect', 'POST /networks/#/disconnect'],
  ...['GET /volumes', 'GET /volumes/#', 'DELETE /volumes/#', 'POST /volumes/create', 'POST /volumes/prune'],
] as const;

const KEYS = [
  ...[
    'all',
    'limit',
    'size',
    'filters',
    'name',
    'path',
    'force',
    'v',
    't',
    'signal',
    'h',
    'w',
    'repo',
    'tag',
    'fromImage',
    'fromSrc',
  ],
  ...[
    'changes',
    'names',
    'since',
    'until',
    'tail',
    'stdout',
    'stderr',
    'timestamps',
    'ps_args',
    'condition',
    'dangling',
    'platform',
  ],
  ...['noOverwriteDirNonDir', 'detachKeys', 'container', 'comment', 'dockerfile', 'buildargs', 'labels'],
] as const;

const FIELDS = [
  ...[
    'Image',
    'Cmd',
    'Env',
    'Labels',
    'HostConfig',
    'NetworkingConfig',
    'Healthcheck',
    'Volumes',
    'ExposedPorts',
    'User',
    'Tty',
    'Name',
  ],
  ...[
    'Driver',
    'IPAM',
    'Options',
    'Container',
    'EndpointConfig',
    'DriverOpts',
    'Memory',
    'NanoCpus',
    'RestartPolicy',
    'Detach',
    'username',
  ],
] as const;

const HOST_FIELDS = [
  ...[
    'Binds',
    'Mounts',
    'Tmpfs',
    'PortBindings',
    'NetworkMode',
    'Memory',
    'CapAdd',
    'SecurityOpt',
    'Ulimits',
    'Devices',
    'Sysctls',
    'Dns',
  ],
  ...[
    'ExtraHosts',
    'LogConfig',
    'RestartPolicy',
    'IpcMode',
    'PidMode',
    'Links',
    'VolumesFrom',
    'BlkioDeviceReadBps',
    'CpusetCpus',
  ],
] as const;

/** Words of the language's own faults; a message that holds one was not written by anybody. */
const FAULT =
  /TypeError|RangeError|ReferenceError|Cannot read propert|is not a function|is not iterable|ENAMETOOLONG|ERR_[A-Z_]+|\bundefined\b/;

export interface FuzzOptions {
  readonly socket: string;
  readonly seed: number;
  /** A folder of the host's that hostile names point at. */
  readonly victim: string;
}

export class Fuzz {
  /** `METHOD path: message` of answers that tell of a fault, the first few. */
  readonly faults: string[] = [];
  answers = 0;
  /** Status → how many answers had it. */
  readonly statuses = new Map<number, number>();
  readonly #options: FuzzOptions;
  readonly #agent: Agent;
  readonly #names: readonly string[];
  #state: number;

  constructor(options: FuzzOptions) {
    this.#options = options;
    this.#state = options.seed;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 12 });
    const up = '..%2f'.repeat(12);
    // None is the beginning of an id: what stands beside the noise must not be removed by chance.
    this.#names = [
      ...[
        'busybox',
        'busybox:latest',
        'bridge',
        'host',
        'none',
        'wlt',
        'wlt-none',
        'sha256:',
        `sha256:${'a'.repeat(64)}`,
        'a'.repeat(64),
        'abcx',
      ],
      ...[
        '..',
        '.',
        '%00',
        '%2e%2e',
        `${up}etc%2fpasswd`,
        `${up}${options.victim.slice(1).replaceAll('/', '%2f')}`,
        'a%0ab',
        '%F0%9F%92%A9',
      ],
      ...[
        '__proto__',
        'constructor',
        'toString',
        '%E0%A4%A',
        'x'.repeat(5000),
        '-rf',
        '$(reboot)',
        '%ff%fe',
        'a%20b',
        '*',
        '0x',
        '%252e',
      ],
    ];
  }

  /** Sends so many requests, a dozen at a time, and reads every answer. */
  async send(count: number): Promise<void> {
    let left = count;
    const work = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await this.#one();
      }
    };
    await Promise.all(Array.from({ length: 12 }, work));
  }

  /** Bytes that are no HTTP, or HTTP that is broken, one connection each. */
  async malformed(count: number): Promise<void> {
    const heads = [
      'GET / HTTP/9.9\r\n\r\n',
      'POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 99999999999\r\n\r\n{',
      'POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      'POST /v1.41/containers/x/attach HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: -1\r\n\r\n',
      'GET /v1.41/containers/x/attach/ws HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\u0081\u0005',
      `GET /${'a'.repeat(70_000)} HTTP/1.1\r\n\r\n`,
      `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(5000)}\r\n`,
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ];
    for (let i = 0; i < count; i++) {
      const head = this.#next(3) === 0 ? this.#noise(200) : Buffer.from(this.#pick(heads), 'latin1');
      await this.#raw(head);
    }
  }

  /** Requests whose answer goes on, from clients that leave. */
  async abandoned(count: number): Promise<void> {
    const paths = [
      '/events',
      '/containers/#/logs?follow=1&stdout=1',
      '/containers/#/attach?stream=1&stdin=1',
      '/containers/#/wait',
      '/images/load',
      '/build',
    ];
    for (let i = 0; i < count; i++) {
      const path = this.#pick(paths).replace('#', this.#pick(this.#names));
      const head = `${this.#pick(['GET', 'POST'])} /v1.41${path} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 10\r\n\r\nabc`;
      await this.#raw(Buffer.from(head, 'latin1'));
    }
  }

  /** One connection that leaves after writing; the next begins when the engine has answered somebody else meanwhile. */
  async #raw(bytes: Buffer): Promise<void> {
    await new Promise<void>((resolve) => {
      const socket = connect(this.#options.socket, () =>
        socket.write(bytes, () => setImmediate(() => socket.destroy())),
      );
      socket.on('error', () => resolve()).on('close', () => resolve());
    });
    await this.#ask('GET', '/_ping', undefined);
    this.answers -= 1;
  }

  #one(): Promise<void> {
    const { method, path } = this.#line();
    return this.#ask(method, path, method === 'GET' || method === 'HEAD' ? undefined : this.#body());
  }

  #ask(method: string, path: string, body: Buffer | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          socketPath: this.#options.socket,
          agent: this.#agent,
          method,
          path,
          timeout: 60_000,
          headers: {
            Host: 'd',
            ...(body === undefined
              ? {}
              : {
                  'Content-Type': this.#pick(['application/json', 'application/x-tar', '']),
                  'Content-Length': body.length,
                }),
            ...(this.#next(20) === 0 ? { 'X-Registry-Auth': this.#noise(40).toString('base64') } : {}),
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('latin1').on('data', (chunk: string) => {
            if (text.length < 2000) text += chunk;
          });
          response.once('close', () => {
            this.answers += 1;
            const status = response.statusCode ?? 0;
            this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
            if ((status >= 400 && FAULT.test(text)) || status < 100)
              this.#fault(`${method} ${path.slice(0, 200)}: ${status} ${text.slice(0, 300)}`);
            resolve();
          });
        },
      );
      sent.once('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path.slice(0, 200)}`)));
      sent.once('error', reject);
      sent.end(body);
    });
  }

  #fault(text: string): void {
    if (this.faults.length < 10) this.faults.push(text);
  }

  /** Mostly the method that belongs to the path. */
  #line(): { readonly method: string; readonly path: string } {
    const version = this.#pick(['', '/v1.24', '/v1.41', '/v1.47', '/v1.41', '/v1.44', this.#pick(['/v9.9', '/v1.'])]);
    const name = this.#next(2) === 0 ? 'wlt' : this.#pick(this.#names);
    const [right = '', rest = ''] = this.#pick(REQUESTS).replace('#', name).split(' ', 2);
    const method = this.#next(10) === 0 ? this.#pick(METHODS) : right;
    const [base = '', given = ''] = rest.split('?');
    const keys = Array.from({ length: this.#next(4) }, () => `${this.#pick(KEYS)}=${this.#queryValue()}`);
    const query = [given, ...keys].filter((part) => part !== '').join('&');
    return { method, path: `${version}${base}${query === '' ? '' : `?${query}`}` };
  }

  #queryValue(): string {
    const values = [
      '1',
      '0',
      'true',
      '-1',
      '1e99',
      'NaN',
      '',
      '99999999999999999999',
      '1.5',
      '%00',
      'all',
      encodeURIComponent(JSON.stringify(this.#json(2))),
    ];
    return this.#next(3) === 0 ? this.#pick(this.#names) : this.#pick(values);
  }

  #body(): Buffer {
    switch (this.#next(6)) {
      case 0:
        return this.#noise(300);
      case 1:
        return Buffer.alloc(1024);
      case 2:
        return Buffer.from(JSON.stringify(this.#json(4)));
      case 3:
        return Buffer.from('{'.repeat(this.#next(3000)));
      default:
        return Buffer.from(JSON.stringify(this.#request()));
    }
  }

  /** Nearly a request: real field names, values of any kind. */
  #request(): Record<string, unknown> {
    const made: Record<string, unknown> = { Image: 'busybox', Cmd: ['true'] };
    if (this.#next(3) === 0) return made;
    for (let i = this.#next(4); i > 0; i--) made[this.#pick(FIELDS)] = this.#json(3);
    if (this.#next(2) === 0) {
      const host: Record<string, unknown> = {};
      for (let i = this.#next(3) + 1; i > 0; i--) host[this.#pick(HOST_FIELDS)] = this.#json(3);
      made.HostConfig = host;
    }
    return made;
  }

  #json(depth: number): unknown {
    const leaf = (): unknown =>
      this.#pick<unknown>([
        null,
        true,
        false,
        0,
        -1,
        1.5,
        1e300,
        '',
        'x',
        ':',
        '::',
        'a:b',
        `a:${this.#options.victim}/canary`,
        'container:',
        '\u0000',
        'x'.repeat(300),
      ]);
    const kind = depth === 0 ? 0 : this.#next(4);
    if (kind === 1) return Array.from({ length: this.#next(4) }, () => this.#json(depth - 1));
    if (kind === 2)
      return Object.fromEntries(
        Array.from({ length: this.#next(4) }, (): [string, unknown] => [
          this.#pick([
            '80/tcp',
            'x',
            '',
            '__proto__',
            'Name',
            'Type',
            'Source',
            'Target',
            'HostPort',
            'Config',
            'label',
            'bridge',
            'EndpointsConfig',
          ]),
          this.#json(depth - 1),
        ]),
      );
    return leaf();
  }

  #noise(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.#next(most) }, () => this.#next(256)));
  }

  #pick<T>(from: readonly T[]): T {
    const found = from[this.#next(from.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }

  /** A whole number below `limit` (mulberry32). */
  #next(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return limit === 0 ? 0 : ((t ^ (t >>> 14)) >>> 0) % limit;
  }
}
