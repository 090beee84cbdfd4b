// The licences of everything that went into the bundle, as their terms ask.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** One text with the name, version and licence of every package among the bundles' inputs, sorted by name. */
export async function licenceNotices(root: string, metafiles: readonly Metafile[]): Promise<string> {
  const folders = new Set<string>();
  for (const metafile of metafiles)
    for (const input of Object.keys(metafile.inputs)) {
      const folder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
      if (folder !== undefined) folders.add(folder);
    }
  const notices = await Promise.all([...folders].sort().map((folder) => notice(join(root, folder))));
  return `windlass contains these packages:\n\n${notices.join(`\n${'-'.repeat(78)}\n\n`)}`;
}

async function notice(folder: string): Promise<string> {
  const about: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { name, version, license } = about as { name: string; version: string; license?: string };
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return [`${name} ${version} (${license ?? 'see below'})`, '', ...texts.map((text) => text.trimEnd()), ''].join('\n');
}
