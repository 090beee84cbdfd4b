// What events tell about a container: its labels, its name and its image. Pure.
import type { ContainerRecord } from './types.ts';

export const eventAttributes = (record: ContainerRecord): Record<string, string> => ({
  ...(record.config.Labels ?? {}),
  image: record.config.Image ?? '',
  name: record.name,
});
