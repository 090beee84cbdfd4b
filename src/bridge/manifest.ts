// What a conversion to Kubernetes comes to: resources as plain trees, each with the file it is written to.

/** Plain values; what is undefined is left out when it is written. */
export type Tree = string | number | boolean | readonly Tree[] | { readonly [key: string]: Tree | undefined };
export type Fields = { readonly [key: string]: Tree | undefined };

export interface Resource {
  /** Below the output folder: `base/web-deployment.yaml`. */
  readonly path: string;
  readonly content: Fields;
  /** Its contents are not for everybody's eyes. */
  readonly secret?: boolean;
}

export interface Conversion {
  readonly resources: readonly Resource[];
  /** What the project says and Kubernetes has no word for: `service "web": …`. */
  readonly gaps: readonly string[];
}

/** Contents of configs and secrets, by key of the project. */
export interface Contents {
  readonly configs: Readonly<Record<string, Buffer>>;
  readonly secrets: Readonly<Record<string, Buffer>>;
}

/** Undefined for what would be an empty mapping or list. */
export const orNothing = <T extends Fields | readonly Tree[]>(value: T): T | undefined =>
  (Array.isArray(value) ? value.length : Object.values(value).filter((item) => item !== undefined).length) === 0
    ? undefined
    : value;
