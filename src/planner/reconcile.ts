// The planner's front door: project × observation × options → plan. Pure: no clock, no engine, no files.

export { upOptions } from './options.ts';
export { planDown } from './reconcile-down.ts';
export {
  planKill,
  planPause,
  planRemove,
  planRestart,
  planStart,
  planStop,
  planUnpause,
} from './reconcile-lifecycle.ts';
export { planRun, type RunOptions } from './reconcile-run.ts';
export { planUp } from './reconcile-up.ts';
