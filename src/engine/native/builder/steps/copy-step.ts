// COPY and ADD as a step: sources found and digested, then, unless it was done before, written as a layer.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { badRequest } from '../../server/api-error.ts';
import { addArchive, isArchive } from '../add-archive.ts';
import type { FileStep, StepFacts } from '../build-facts.ts';
import { cacheKey } from '../cache.ts';
import { type ModeChange, parseMode, resolveOwner } from '../chown.ts';
import { shellOf } from '../config-step.ts';
import { type CopyTarget, checkDestination, copyPicked, destinationOf } from '../copy.ts';
import { contentDigest, exclusion, type Picked, pickSources } from '../copy-sources.ts';
import type { InstructionOf } from '../dockerfile/instructions.ts';
import { documentTree } from '../files/document-tree.ts';
import { LayerWriter, type Owner } from '../files/layer-writer.ts';
import type { SourceTree } from '../files/source-tree.ts';
import { chainKey } from '../layers.ts';
import { download, isRemote } from '../remote/download.ts';
import { isRepository } from '../remote/git-source.ts';
import { repositoryTree } from '../remote/repository-tree.ts';

type Copy = InstructionOf<'copy' | 'add'>;

interface Item {
  readonly tree: SourceTree;
  readonly picked: Picked;
  readonly digest: string;
  readonly kind: 'file' | 'dir';
  /** An archive whose content is added. */
  readonly unpack: boolean;
}

export async function copyStep(facts: StepFacts<Copy>): Promise<FileStep> {
  const { build, state, instruction } = facts;
  const { options } = instruction;
  const name = instruction.kind === 'copy' ? 'COPY' : 'ADD';
  const destination = destinationOf(state.config.WorkingDir ?? '', instruction.destination);
  const items = await findItems(facts);
  checkDestination(name, items.length, destination);
  const mode: ModeChange | undefined = options.chmod === undefined ? undefined : parseMode(options.chmod);
  const needsNames = options.chown !== undefined && !/^\d+(?::\d+)?$/.test(options.chown);
  const owner = await ownerOf(facts, needsNames ? await build.layers.root(state.chain) : undefined);
  const digests = items.map(({ kind, digest }) => `${kind}:${digest}`);
  const [only = ''] = digests;
  const shown = digests.length === 1 ? only : `multi:${createHash('sha256').update(digests.join(',')).digest('hex')}`;
  const chown = options.chown === undefined ? '' : `--chown=${options.chown}`;
  return {
    key: cacheKey(
      ...[name, options.link ? 'link' : chainKey(state.chain), destination, owner ?? 'kept', options.chmod ?? ''],
      items.map(({ digest, picked, unpack }) => [digest, picked.name, picked.parents, picked.isFolder, unpack]),
    ),
    createdBy: `${shellOf(state.config).join(' ')} #(nop) ${name} ${chown}${shown} in ${instruction.destination} `,
    async make() {
      const below = options.link ? undefined : await build.layers.root(state.chain);
      const writer = new LayerWriter(build.parts.host, below);
      const target: CopyTarget = { writer, destination, owner, mode };
      return build.layers.fromWriter(writer, async () => {
        for (const item of items) {
          build.signal.throwIfAborted();
          if (item.unpack)
            await addArchive(build.parts.host, () => contentOf(item), {
              writer,
              folder: destination,
              owner: options.chown === undefined ? undefined : owner,
            });
          else await copyPicked(item.tree, item.picked, target, exclusion(options.exclude));
        }
      });
    },
  };
}

/** Files of the context belong to root unless told otherwise; those of stages and images keep their owners. */
async function ownerOf({ build, instruction }: StepFacts<Copy>, root: string | undefined): Promise<Owner | undefined> {
  const { chown, from } = instruction.options;
  if (chown !== undefined) return resolveOwner(build.parts.host, root, chown);
  return from === undefined ? { uid: 0, gid: 0 } : undefined;
}

async function findItems(facts: StepFacts<Copy>): Promise<Item[]> {
  const { build, stage, instruction, output } = facts;
  const { options, heredocs, sources } = instruction;
  const isAdd = instruction.kind === 'add';
  const named = options.from === undefined ? undefined : await build.source(options.from, stage, output);
  const tree = named?.tree ?? build.context;
  const where = options.from === undefined ? 'build context' : `"${options.from}"`;
  const items: Item[] = [];
  for (const source of sources) {
    if (isAdd && isRepository(source)) items.push(await repositoryItem(facts, source));
    else if (isAdd && isRemote(source)) items.push(await remoteItem(facts, source));
    else {
      const picks = await pickSources(tree, source, {
        instruction: isAdd ? 'ADD' : 'COPY',
        parents: options.parents,
        where,
      });
      for (const picked of picks) items.push(await localItem(facts, tree, picked, named?.key));
    }
  }
  for (const document of heredocs) {
    const own = documentTree(document.content);
    const picked: Picked = { path: '/', isFolder: false, isFile: true, name: document.name, parents: '' };
    items.push({
      tree: own,
      picked,
      digest: await contentDigest(own, picked, { excluded: undefined, owners: false }),
      kind: 'file',
      unpack: false,
    });
  }
  return items;
}

async function localItem(
  { build, instruction }: StepFacts<Copy>,
  tree: SourceTree,
  picked: Picked,
  sourceKey: string | undefined,
): Promise<Item> {
  const { options } = instruction;
  const owners = options.from !== undefined && options.chown === undefined;
  const facts = { excluded: exclusion(options.exclude), owners };
  const take = (): Promise<string> => contentDigest(tree, picked, facts);
  const digest =
    sourceKey === undefined
      ? await take()
      : await build.cache.remembered(cacheKey('digest', sourceKey, picked.path, options.exclude, owners), take);
  const mayUnpack = instruction.kind === 'add' && picked.isFile && options.unpack !== false;
  const item: Item = { tree, picked, digest, kind: picked.isFolder ? 'dir' : 'file', unpack: false };
  return mayUnpack && (await isArchive(build.parts.host, () => contentOf(item))) ? { ...item, unpack: true } : item;
}

async function remoteItem({ build, instruction, output }: StepFacts<Copy>, address: string): Promise<Item> {
  const { options } = instruction;
  const file = join(build.layers.folder, `download-${crypto.randomUUID()}`);
  output.note(`Downloading ${address.replace(/\/\/[^/@]*@/, '//***@')}\n`);
  const tree = await download(build.parts.host, address, file, options.checksum, build.signal);
  if (tree.name === '' && instruction.destination.endsWith('/'))
    throw badRequest(`ADD failed: the address ${address} has no file name, and the destination is a folder`);
  const picked: Picked = { path: '/', isFolder: false, isFile: true, name: tree.name, parents: '' };
  const digest = await contentDigest(tree, picked, { excluded: undefined, owners: false });
  const item: Item = { tree, picked, digest, kind: 'file', unpack: false };
  const unpack = options.unpack === true && (await isArchive(build.parts.host, () => contentOf(item)));
  return { ...item, unpack };
}

/** A repository is a folder whose content is added. */
async function repositoryItem({ build, instruction, output }: StepFacts<Copy>, address: string): Promise<Item> {
  const { options } = instruction;
  output.note(`Fetching ${address.replace(/\/\/[^/@]*@/, '//***@')}\n`);
  const tree = await repositoryTree(build, address, options);
  const picked: Picked = { path: '/', isFolder: true, isFile: false, name: '', parents: '' };
  const digest = await contentDigest(tree, picked, { excluded: exclusion(options.exclude), owners: false });
  return { tree, picked, digest, kind: 'dir', unpack: false };
}

async function* contentOf({ tree, picked }: Item): AsyncGenerator<Buffer> {
  for await (const entry of tree.entries(picked.path)) yield* entry.body();
}
