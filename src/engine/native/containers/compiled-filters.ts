// Seccomp filters as the kernel reads them. crun works one out for each container, which takes a third of its time, and most
// containers have the same rules: the first one's is kept, and handed to crun with those that follow.
import { join } from 'node:path';
import type { Files } from '../host.ts';
import type { Seccomp } from './seccomp.ts';

/** crun reads the filter from here instead of working it out. */
const ANNOTATION = 'run.oci.seccomp_bpf_data';

/** Sets of rules that are remembered; most machines see one or two. */
const KEPT = 16;

export class CompiledFilters {
  readonly #known = new Map<string, string>();

  /** The annotation that brings the filter along; nothing where it is not known yet. */
  annotation(rules: Seccomp | undefined): Readonly<Record<string, string>> {
    const filter = rules && this.#known.get(JSON.stringify(rules));
    return filter === undefined ? {} : { [ANNOTATION]: filter };
  }

  /** Remembers what crun has worked out for a container that it has just made; `folder` is where it keeps that container. */
  async learn(files: Files, rules: Seccomp | undefined, folder: string): Promise<void> {
    const key = rules && JSON.stringify(rules);
    if (key === undefined || this.#known.has(key)) return;
    const filter = await files.readFile(join(folder, 'seccomp.bpf')).catch(() => undefined);
    // Made by runc, or gone already.
    if (filter === undefined || filter.length === 0) return;
    const [oldest] = this.#known.keys();
    if (this.#known.size >= KEPT && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, filter.toString('base64'));
  }
}
