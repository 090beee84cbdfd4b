// The parts of an image reference as docker shows them.

export interface FamiliarReference {
  /** Without `docker.io/` and `library/`; empty when the text is an id. */
  readonly repository: string;
  /** `latest` where neither tag nor digest is given. */
  readonly tag: string;
}

/** Splits `registry:5000/team/app:1.2@sha256:…`. A bare image id has neither repository nor tag. */
export function familiarReference(reference: string): FamiliarReference {
  if (/^(sha256:)?[0-9a-f]{64}$/.test(reference)) return { repository: '', tag: '' };
  const [name = '', digest] = reference.split('@');
  const [, path = name, tag] = /^(.*?)(?::([^:/]+))?$/.exec(name) ?? [];
  const repository = path.replace(/^(index\.)?docker\.io\//, '').replace(/^library\//, '');
  // With a digest docker drops the tag when it normalises.
  return { repository, tag: digest === undefined ? (tag ?? 'latest') : '' };
}
