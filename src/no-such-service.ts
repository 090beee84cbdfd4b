// A service that the project does not have: one message, whoever finds out.
import { WindlassError } from './errors.ts';
import { suggestion } from './suggest.ts';

/** More names than these are not read; the command that lists them is named instead. */
const MOST_LISTED = 20;

/** `profiles` are those of a service of that name that is not enabled. */
export function noSuchService(name: string, known: readonly string[], profiles: readonly string[] = []): WindlassError {
  const hint =
    profiles.length > 0 ? `enable one of its profiles: ${profiles.join(', ')}` : suggestion(name, known, listOf(known));
  return new WindlassError('NO_SUCH_SERVICE', `no such service: ${name}`, { hint });
}

function listOf(known: readonly string[]): string {
  if (known.length === 0) return 'the project has no services';
  return known.length > MOST_LISTED
    ? `"windlass config --services" lists the ${known.length} of this project`
    : `the services of this project are: ${[...known].sort().join(', ')}`;
}
