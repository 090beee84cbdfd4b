// Where Docker Engine 20.10 and the native engine answer differently on purpose: which of them is wrong, and why. The same sentences stand
// in docs/native-engine.md; a test compares.

export const DIFFERENCES = {
  'mistakes are 4xx':
    'A request that cannot be right (a body that is no JSON; a volume, time, signal, option, name or filter that cannot be read; leaving a network that was not joined; writing to a read-only root) is answered with 400, 403 or 409. Docker 20.10 answers many of these with 500; later versions of Docker do not.',
  'told when made':
    'What can be seen to be wrong when a container is made is refused then: no image, unknown modes of namespaces, a MAC address that is none, an unknown condition to wait for. Docker 20.10 accepts it, and fails at the start or does something else.',
  'unused networks':
    'The filter `dangling=true` of networks lists those that no container uses. Docker 20.10 lists all that are not predefined.',
  'bytes in logs':
    'Logs give back what a container wrote, byte for byte. Docker keeps them as JSON and replaces what is no UTF-8.',
  'status of a missing program':
    'Running a program inside that is not there ends with 127, as in a shell and in later versions of Docker. Docker 20.10 has 126.',
  'not in the registry':
    'Pulling what the registry does not have, or does not show without a password, is 404, as Docker has it for Docker Hub; Docker 20.10 answers 500 for registries whose refusals are terse.',
  'signals and restarts':
    'A signal that is sent to a container keeps its restart policy from bringing it back where that is SIGKILL or the signal that stops it. In Docker any signal does, for containers that name none of their own: a reload by SIGHUP, and a crash a week later is the end.',
} as const;

export type Difference = keyof typeof DIFFERENCES;
