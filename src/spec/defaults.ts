// Values that the long form has when nothing is said.
import { goText } from './go-text.ts';
import { compileRules } from './pattern.ts';
import { type Transform, transformTree, withDefaults } from './transform.ts';
import { isMapping, type Mapping } from './tree.ts';

const deviceRequest: Transform = (value) =>
  isMapping(value) && value.device_ids === undefined ? withDefaults(value, { count: 'all' }) : value;

const DEFAULTS = compileRules<Transform>({
  'services.*.build': (value) => (isMapping(value) ? withDefaults(value, { context: '.' }) : value),
  'services.*.secrets.*': (value) =>
    isMapping(value) ? withDefaults(value, { target: `/run/secrets/${goText(value.source)}` }) : value,
  'services.*.ports.*': (value) =>
    isMapping(value) ? withDefaults(value, { protocol: 'tcp', mode: 'ingress' }) : value,
  'services.*.deploy.resources.reservations.devices.*': deviceRequest,
  'services.*.gpus.*': deviceRequest,
});

export const setDefaults = (model: Mapping): Mapping => transformTree(model, DEFAULTS);
