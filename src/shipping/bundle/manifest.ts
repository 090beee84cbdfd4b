// What a bundle says of itself: `bundle.json`, its first entry. Everything else in the file is listed in it with size and digest,
// so that the digest of this one text stands for the whole bundle.
import { createHash } from 'node:crypto';
import type { Decoder } from '../../decode-json.ts';
import { BundleError } from './bundle-error.ts';
import { decodeJson } from './decode-bundle.ts';
import { isSshSignature } from './ssh-signature.ts';

/** The one version there is. */
const BUNDLE_VERSION = 1;
/** Media types under which bundles travel through registries. */
export const BUNDLE_ARTIFACT_TYPE = 'application/vnd.windlass.bundle.v1';
export const MANIFEST_PATH = 'bundle.json';
/** A signature stands beside what it signs, under the name that its tool looks for. */
const MINISIGN_PATH = 'bundle.json.minisig';
const SSH_SIGNATURE_PATH = 'bundle.json.sig';
export const isSignaturePath = (path: string): boolean => path === MINISIGN_PATH || path === SSH_SIGNATURE_PATH;
export const signaturePath = (signature: string): string =>
  isSshSignature(signature) ? SSH_SIGNATURE_PATH : MINISIGN_PATH;
export const FILES_PATH = 'files.tar';
export const LOCK_PATH = 'compose.lock.yaml';
export const MODEL_PATH = 'model.yaml';
/** A manifest lists at most so many entries, and is itself no larger than this. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

export interface BundleContent {
  readonly path: string;
  readonly size: number;
  /** `sha256:…` */
  readonly digest: string;
}

export interface BundleImage {
  /** The name it is given where it is loaded: `mariadb:11`. */
  readonly reference: string;
  readonly services: readonly string[];
  readonly platforms: readonly {
    /** `os/architecture[/variant]` */
    readonly platform: string;
    /** Digest of its configuration: the id under which engines keep it. */
    readonly id: string;
    /** Digest of its OCI manifest in the bundle. */
    readonly manifest: string;
  }[];
}

export interface BundleVolume {
  /** Key in the Compose files. */
  readonly key: string;
  readonly path: string;
  /** Bytes of its files, holes included, and entries of the archive. */
  readonly unpackedSize: number;
  readonly entries: number;
}

/** What the receiver has to bring, or may. */
export interface BundleNeeds {
  readonly variables: readonly {
    readonly name: string;
    /** False: there is a default, or it was not set when the bundle was made. */
    readonly required: boolean;
    /** Where it is used: `compose.yaml`, `env_file of web`, `secret db_password`. */
    readonly usedBy: readonly string[];
  }[];
  /** Files of secrets, below the folder that the bundle lies in. */
  readonly secretFiles: readonly { readonly secret: string; readonly path: string }[];
  /** Absolute paths of the host that services mount. */
  readonly hostPaths: readonly string[];
  /** External networks and volumes, by real name. */
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  /** Images that are not in the bundle. */
  readonly images: readonly string[];
}

export interface BundleManifest {
  readonly version: typeof BUNDLE_VERSION;
  /** When a snapshot of volumes was taken, in ISO 8601. Bundles of projects have no times. */
  readonly takenAt?: string;
  readonly project: {
    readonly name: string;
    /** Within `files.tar`; `.` for its root. */
    readonly directory: string;
    readonly composeFiles: readonly string[];
    readonly profiles: readonly string[];
  };
  readonly images: readonly BundleImage[];
  readonly volumes: readonly BundleVolume[];
  readonly needs: BundleNeeds;
  /** Values that were asked for by name. */
  readonly environment: Readonly<Record<string, string>>;
  /** Every other entry, sorted by path. */
  readonly contents: readonly BundleContent[];
}

/** The text of `bundle.json`: keys in a fixed order, so that equal bundles are equal bytes. */
export const encodeManifest = (manifest: BundleManifest): string => `${JSON.stringify(manifest, undefined, 2)}\n`;

/** The bundle's own digest. */
export const digestOfText = (text: string | Uint8Array): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** Reads and checks `bundle.json`. Throws BundleError. */
export function decodeManifest(text: string): BundleManifest {
  const root = decodeJson(text, MANIFEST_PATH);
  const version = root.get('version').integer();
  if (version !== BUNDLE_VERSION)
    throw new BundleError(`this bundle has format ${version}, and this windlass reads format ${BUNDLE_VERSION}`, {
      hint: 'use the version of windlass that made it, or a later one',
    });
  const project = root.get('project');
  const needs = root.get('needs');
  const takenAt = root.find('takenAt')?.matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, 'a time');
  const manifest: BundleManifest = {
    version,
    ...(takenAt === undefined ? {} : { takenAt }),
    project: {
      name: project.get('name').matching(/^[a-z0-9][a-z0-9_-]*$/, 'a project name'),
      directory: relativePath(project.get('directory')),
      composeFiles: project.get('composeFiles').list(relativePath),
      profiles: strings(project.get('profiles')),
    },
    images: root.get('images').list((image) => ({
      reference: image.get('reference').text(),
      services: strings(image.get('services')),
      platforms: image.get('platforms').list((one) => ({
        platform: one.get('platform').matching(/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/, 'a platform'),
        id: digest(one.get('id')),
        manifest: digest(one.get('manifest')),
      })),
    })),
    volumes: root.get('volumes').list((volume) => ({
      key: volume.get('key').matching(/^[a-zA-Z0-9._-]+$/, 'a volume key'),
      path: relativePath(volume.get('path')),
      unpackedSize: volume.get('unpackedSize').integer(),
      entries: volume.get('entries').integer(),
    })),
    needs: {
      variables: needs.get('variables').list((variable) => ({
        name: variable.get('name').text(),
        required: variable.get('required').boolean(),
        usedBy: strings(variable.get('usedBy')),
      })),
      secretFiles: needs.get('secretFiles').list((one) => ({
        secret: one.get('secret').text(),
        path: relativePath(one.get('path')),
      })),
      hostPaths: strings(needs.get('hostPaths')),
      networks: strings(needs.get('networks')),
      volumes: strings(needs.get('volumes')),
      images: strings(needs.get('images')),
    },
    environment: root.get('environment').mapping((value) => value.text()),
    contents: root.get('contents').list((content) => ({
      path: relativePath(content.get('path')),
      size: content.get('size').integer(),
      digest: digest(content.get('digest')),
    })),
  };
  checkContents(manifest.contents);
  return manifest;
}

const strings = (list: Decoder): string[] => list.list((item) => item.text());
const digest = (value: Decoder): string => value.matching(/^sha256:[0-9a-f]{64}$/, 'a sha256 digest');
const relativePath = (value: Decoder): string => {
  const path = value.text();
  return isSafePath(path) || path === '.' ? path : value.refuse('a path within the bundle');
};

/** Whether a path stays below where it is put: relative, without `..`, `.`, empty parts, backslashes or control characters. */
export const isSafePath = (path: string): boolean =>
  path.length > 0 &&
  path.length <= 4096 &&
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  !/[\\\u0000-\u001f\u007f]/.test(path) &&
  path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

function checkContents(contents: readonly BundleContent[]): void {
  let previous = '';
  for (const { path } of contents) {
    if (path === previous) throw new BundleError(`"${path}" is listed twice in ${MANIFEST_PATH}`);
    if (byBytes(path, previous) < 0) throw new BundleError(`${MANIFEST_PATH} does not list its contents in order`);
    if (path === MANIFEST_PATH || isSignaturePath(path)) throw new BundleError(`"${path}" cannot list itself`);
    previous = path;
  }
}

/** The order of paths: by UTF-8 bytes, whatever the locale. */
export const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
