// Files that are not on this machine (`oci://…`, git repositories): recognised, and refused for what they are.
import { SpecError } from '../diagnostics.ts';
import type { Places } from './places.ts';
import { makeDiagnostic } from './problems.ts';
import type { Mark } from './tree.ts';

const REMOTE = /^(?:oci:\/\/|git:\/\/|ssh:\/\/|git@|github\.com\/|https?:\/\/)/;

/** Throws where a reference leads to another machine. */
export function refuseRemote(reference: string, places: Places, mark: Mark): void {
  if (!REMOTE.test(reference)) return;
  const message = `"${reference}" is not on this machine, and remote Compose files are not supported`;
  const hint = 'download it, and name the local copy';
  throw new SpecError([makeDiagnostic('error', places, 'SPEC_REMOTE', message, mark, { hint })]);
}
