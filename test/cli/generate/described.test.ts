// A Compose file from containers: what it says of them, and what it leaves to the image.
import { expect, test } from 'vitest';
import { describedProject } from '../../../src/cli/generate/described.ts';
import type { ContainerDetails, ObservedImage } from '../../../src/engine/engine.ts';
import { LABEL } from '../../../src/names.ts';
import { emitYaml } from '../../../src/spec/yaml/emit.ts';

const IMAGE = {
  id: 'sha256:1',
  labels: { maintainer: 'them' },
  hasHealthcheck: true,
  defaults: { environment: ['PATH=/bin'], command: ['serve'], entrypoint: ['/init'], user: 'www', workingDir: '/app' },
} as unknown as ObservedImage;

const FROM_IMAGE = { Env: ['PATH=/bin'], Cmd: ['serve'], Entrypoint: ['/init'], User: 'www', WorkingDir: '/app' };

function container(about: {
  readonly config?: object;
  readonly host?: object;
  readonly details?: Partial<ContainerDetails>;
}): { readonly details: ContainerDetails; readonly image: ObservedImage } {
  const details = {
    ...{
      id: 'a'.repeat(64),
      name: 'shop-web-1',
      image: 'shop/web:1',
      imageId: 'sha256:1',
      tty: false,
      openStdin: false,
    },
    ...{ labels: { [LABEL.service]: 'web', maintainer: 'them' }, networks: {}, mounts: [], ...about.details },
    raw: { Config: { ...FROM_IMAGE, ...about.config }, HostConfig: { NetworkMode: 'shop_default', ...about.host } },
  } as unknown as ContainerDetails;
  return { details, image: IMAGE };
}

const written = (...seen: readonly ReturnType<typeof container>[]): string => emitYaml(describedProject(seen, 'shop'));

test('what comes from the image is left out, and replicas are counted', () => {
  const replica = container({ host: { NetworkMode: 'host' } });
  expect(written(replica, replica)).toBe(
    'name: shop\nservices:\n  web:\n    image: shop/web:1\n    network_mode: host\n    scale: 2\n',
  );
});

test('what the container has of its own is said, with what it is joined to as it is called', () => {
  const binding = [
    { HostIp: '0.0.0.0', HostPort: '8080' },
    { HostIp: '::', HostPort: '8080' },
  ];
  const anonymous = { type: 'volume', name: 'f'.repeat(64), source: '', target: '/cache', readWrite: true };
  const secret = { type: 'bind', name: '', source: '/keys/db', target: '/run/secrets/db', readWrite: false };
  const one = container({
    config: { Env: ['PATH=/bin', 'PRICE=5$'], Cmd: ['serve', '--fast'], User: '' },
    host: { PortBindings: { '80/tcp': binding }, RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 } },
    details: {
      networks: { shop_default: { id: 'n', address: '', aliases: ['web', 'shop-web-1', 'front'] } },
      mounts: [anonymous, secret],
    },
  });
  expect(written(one)).toBe(`name: shop
services:
  web:
    image: shop/web:1
    command:
      - serve
      - --fast
    environment:
      - PRICE=5$$
    networks:
      shop_default:
        aliases:
          - front
    ports:
      - target: 80
        published: "8080"
        protocol: tcp
    volumes:
      - type: volume
        target: /cache
    secrets:
      - source: db
        target: /run/secrets/db
    restart: on-failure:3
networks:
  shop_default:
    name: shop_default
    external: true
secrets:
  db:
    file: /keys/db
`);
});
