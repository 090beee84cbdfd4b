// A container to create, with nothing asked for beyond an image; tests say what differs.
import type { CreateContainer } from '../../src/engine/engine.ts';
import type { Service } from '../../src/model.ts';

export function createRequest(
  service: Partial<Service> = {},
  request: Partial<Omit<CreateContainer, 'service'>> = {},
): CreateContainer {
  return {
    name: 'shop-web-1',
    service: { name: 'web', command: null, entrypoint: null, ...service },
    image: 'busybox',
    labels: {},
    attachments: [],
    volumeNames: {},
    inheritedVolumes: {},
    fileMounts: [],
    ...request,
  };
}
