// `!reset` and `!override`: what they name is taken out of the model that the document is merged onto.
import type { Resets } from './read-yaml.ts';
import { copyMapping, drop, isMapping, type Mapping } from './tree.ts';

/** The model without the entries that `resets` names. */
export function applyResets(model: Mapping, resets: Resets | undefined): Mapping {
  if (!resets) return model;
  let out: Mapping | undefined;
  for (const [key, inner] of resets) {
    const value = model[key];
    if (value === undefined) continue;
    if (inner === true) {
      out ??= copyMapping(model);
      drop(out, key);
    } else if (isMapping(value)) {
      const after = applyResets(value, inner);
      if (after === value) continue;
      out ??= copyMapping(model);
      out[key] = after;
    }
  }
  return out ?? model;
}

/** The part of `resets` that concerns one service. */
export function resetsOfService(resets: Resets | undefined, service: string): Resets | true | undefined {
  const services = resets?.get('services');
  return services instanceof Map ? services.get(service) : services;
}
