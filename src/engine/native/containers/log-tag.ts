// The `tag` of a log, a template of what is told of the container. Pure.
import { badRequest } from '../server/api-error.ts';

export interface TagFacts {
  readonly id: string;
  readonly name: string;
  /** As the container's creation named it. */
  readonly image: string;
  /** `sha256:…` */
  readonly imageId: string;
}

const SHORT = 12;

/** Docker's: of Go's templates these fields are what a tag is made of. */
const FIELDS: Readonly<Record<string, (facts: TagFacts) => string>> = {
  ID: ({ id }) => id.slice(0, SHORT),
  FullID: ({ id }) => id,
  Name: ({ name }) => name,
  ImageName: ({ image }) => image,
  ImageID: ({ imageId }) => imageId.replace(/^sha256:/, '').slice(0, SHORT),
  ImageFullID: ({ imageId }) => imageId,
  DaemonName: () => 'docker',
};

/** Without a template, the short id, as in Docker. */
export function logTag(template: string | undefined, facts: TagFacts): string {
  return (template || '{{.ID}}').replace(/\{\{(.*?)\}\}/g, (_, said: string) => {
    const field = FIELDS[said.trim().replace(/^\./, '')];
    if (field === undefined)
      throw badRequest(
        `failed to initialize logging driver: the tag has {{${said}}}, and knows ${Object.keys(FIELDS).join(', ')}`,
      );
    return field(facts);
  });
}
