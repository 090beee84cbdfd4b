// How the schema is compiled, from source and by the build alike.

export const AJV_OPTIONS = {
  // Union types are the nature of Compose files.
  allowUnionTypes: true,
  strictTypes: false,
  // The validator only says yes or no; explain-schema.ts says why not.
  allErrors: false,
  messages: false,
  ownProperties: false,
} as const;
