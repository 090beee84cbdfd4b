// A bundle in words, for people.
import type { BundleManifest } from '../../shipping/bundle/manifest.ts';
import type { BundleHead } from '../../shipping/bundle/read-bundle.ts';
import { humanSize } from '../output/human.ts';
import { COMPOSE_TABLE, table } from '../output/tabwriter.ts';

/** What the receiver has to set or may; empty when there is nothing. */
export function describeNeeds({ needs, environment }: BundleManifest): string {
  const [required, optional] = [
    needs.variables.filter((one) => one.required),
    needs.variables.filter((one) => !one.required),
  ];
  const lines = [
    ...section('The receiver has to set:', [
      ...required.map(({ name, usedBy }) => `${name} (${usedBy.join(', ')})`),
      ...needs.secretFiles.map(({ secret, path }) => `file ${path} beside the bundle (secret ${secret})`),
    ]),
    ...section(
      'The receiver may set:',
      optional.map(({ name, usedBy }) => `${name} (${usedBy.join(', ')})`),
    ),
    ...section('The receiver has to have:', [
      ...needs.hostPaths.map((path) => `${path} on the host`),
      ...needs.networks.map((name) => `the network ${name}`),
      ...needs.volumes.map((name) => `the volume ${name}`),
      ...needs.images.map((name) => `the image ${name}`),
    ]),
    ...section('Values in the bundle:', Object.keys(environment)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const section = (head: string, items: readonly string[]): string[] =>
  items.length === 0 ? [] : [head, ...items.map((item) => `  ${item}`)];

/** The whole of it, as `bundle inspect` prints it. */
export function describeBundle({ manifest, digest, signature }: BundleHead): string {
  const { project, images, volumes, contents } = manifest;
  const facts = [
    ['Project', project.name],
    ['Digest', digest],
    ['Signed', signature === undefined ? 'no' : 'yes'],
    [
      'Size',
      humanSize(
        contents.reduce((sum, { size }) => sum + size, 0),
        3,
      ),
    ],
    ['Compose files', project.composeFiles.join(', ')],
    ...(project.profiles.length === 0 ? [] : [['Profiles', project.profiles.join(', ')]]),
    ...(volumes.length === 0 ? [] : [['Volumes', volumes.map(({ key }) => key).join(', ')]]),
  ];
  const width = Math.max(...facts.map(([name = '']) => name.length)) + 2;
  const head = facts.map(([name = '', value = '']) => `${`${name}:`.padEnd(width)}${value}\n`).join('');
  const rows = images.flatMap(({ reference, services, platforms }) =>
    platforms.map(({ platform, id }) => [reference, platform, id.slice(7, 19), services.join(', ')]),
  );
  const shown =
    rows.length === 0 ? '' : `\n${table(['IMAGE', 'PLATFORM', 'IMAGE ID', 'SERVICES'], rows, COMPOSE_TABLE)}`;
  const needs = describeNeeds(manifest);
  const listed = table(
    ['CONTENT', 'SIZE', 'DIGEST'],
    // The whole digest stands at the line's end.
    contents.map(({ path, size, digest: one }) => [
      path.replace(/^(blobs\/sha256\/[0-9a-f]{12})[0-9a-f]{52}$/, '$1…'),
      humanSize(size, 3),
      one,
    ]),
    COMPOSE_TABLE,
  );
  return `${head}${shown}${needs === '' ? '' : `\n${needs}`}\n${listed}`;
}
