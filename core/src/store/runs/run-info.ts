import type { SharedPlan } from '../../pipeline/pipeline.js';
import type { RunUid } from '../../engine/records.js';

/** What never changes about a run; JSON in `run:UID` → `info`. */
export interface RunInfo {
  name?: string;
  title?: string;
  /** Jobs may have titles. */
  titled?: true;
  /** See External ids. */
  externalId?: string;
  labels?: Readonly<Record<string, string>>;
  /** As the pipeline names it: a rerun of one that names none is in the default pool of its time. */
  pool?: string;
  /** The timeout of the run, from its creation. */
  timeoutMs?: number;
  /** The run whose jobs it reused. */
  rerunOf?: RunUid;
}

/** What workers get with their first claim of a run (`lua/operations/claim.lua`): also `run:UID` → `shared`. */
export interface ClaimedRunInfo extends RunInfo, SharedPlan {}

export const parseRunInfo = (text: string): RunInfo => JSON.parse(text) as RunInfo;

export const parseClaimedRunInfo = (text: string): ClaimedRunInfo => JSON.parse(text) as ClaimedRunInfo;
