import type { Env } from '../model/pipeline.js';
import type { ExecutorKind, RunUid } from '../model/records.js';

/** What never changes about a run, JSON in `run:UID` → `info`; workers get it with their first claim. */
export interface RunInfo {
  name?: string;
  labels?: Readonly<Record<string, string>>;
  /** The pipeline's own `env`. */
  env?: Env;
  executorKind: ExecutorKind;
  /** The run's own, from its creation. */
  timeoutMs?: number;
  /** The run whose jobs it has taken over. */
  rerunOf?: RunUid;
}

export const parseRunInfo = (text: string): RunInfo => JSON.parse(text) as RunInfo;
