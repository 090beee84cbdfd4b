// What OCI runtimes say when something fails, in words that clients of Docker know. Pure.

/** The reason in what a runtime writes to standard error, to its log, or through conmon. `program` is what it was to run. */
export function runtimeMessage(words: string, program?: string): string {
  const logged = loggedFailure(words, program);
  if (logged !== undefined) return logged;
  // runc: time="…" level=error msg="…"
  const runc = [...words.matchAll(/msg="((?:[^"\\]|\\.)*)"/g)].at(-1)?.[1];
  if (runc !== undefined) return runc.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c)).trim();
  // crun, with the time or without.
  const last = words.trim().split('\n').at(-1) ?? '';
  return asRunc(last.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z: /, ''), program);
}

/** The last error in a runtime's JSON log; undefined where there is none. */
export function loggedFailure(log: string, program?: string): string | undefined {
  const failures = log.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      const { level, msg } = JSON.parse(line) as { level?: string; msg?: string };
      return level === 'error' && msg !== undefined ? [msg] : [];
    } catch {
      return [];
    }
  });
  const last = failures.at(-1);
  return last === undefined ? undefined : asRunc(last.trim(), program);
}

/** What crun says, as runc says it where clients look for the words. */
function asRunc(message: string, program: string | undefined): string {
  const missing = /^executable file `(.*)` not found/.exec(message)?.[1];
  if (missing !== undefined)
    return starting(
      missing,
      missing.includes('/') ? `stat ${missing}: no such file or directory` : 'executable file not found in $PATH',
    );
  const sysctl = /^the sysctl `(.*)` requires a new network namespace/.exec(message)?.[1];
  if (sysctl !== undefined) return `sysctl "${sysctl}" not allowed in host network namespace`;
  // A folder is "not permitted".
  const closed = /^open executable: (Permission denied|Operation not permitted)/.exec(message)?.[1];
  if (closed === undefined) return message;
  if (program === '') return starting(program, 'executable file not found in $PATH');
  return starting(program, closed === 'Permission denied' ? 'permission denied' : 'is a directory: permission denied');
}

const starting = (program: string | undefined, why: string): string =>
  `unable to start container process: exec: ${program === undefined ? '' : `"${program}": `}${why}`;
