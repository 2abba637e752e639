import type { Env } from '../../pipeline/pipeline.js';
import type { ExecutorKind, RunUid } from '../../engine/records.js';

/** What never changes about a run, JSON in `run:UID` → `info`. */
export interface RunInfo {
  name?: string;
  labels?: Readonly<Record<string, string>>;
  executorKind: ExecutorKind;
  /** The run's own, from its creation. */
  timeoutMs?: number;
  /** The run whose jobs it has taken over. */
  rerunOf?: RunUid;
}

/** What workers get with their first claim of a run (`lua/claim.lua`). */
export interface ClaimedRunInfo extends RunInfo {
  /** The pipeline's own `env`, `run:UID` → `env`. */
  env?: Env;
}

export const parseRunInfo = (text: string): RunInfo => JSON.parse(text) as RunInfo;

export const parseClaimedRunInfo = (text: string): ClaimedRunInfo => JSON.parse(text) as ClaimedRunInfo;
