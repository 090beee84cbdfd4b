// Names of further contexts. They may stand in for images, so one that is written in another way is the same name.

/** `docker.io/library/Alpine:latest` → `alpine`. */
export const contextName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^(?:docker\.io\/)?(?:library\/)?/, '')
    .replace(/:latest$/, '');
