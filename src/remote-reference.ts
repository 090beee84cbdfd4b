// Whether a path is no path but leads to another machine.

const REMOTE = /^(?:oci:\/\/|git:\/\/|ssh:\/\/|git@|github\.com\/|https?:\/\/)/;

/** Whether a Compose file's name is a reference such as `oci://…` or a git repository's address. */
export const isRemote = (reference: string): boolean => REMOTE.test(reference);
