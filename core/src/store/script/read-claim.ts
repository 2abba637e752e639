import type { RunUid } from '../../engine/records.js';
import type { Lease } from '../redis/keys.js';
import type { Reply } from './unpack-reply.js';

/** What a worker gets with a lease. */
export interface ClaimedAttempt {
  lease: Lease;
  job: string;
  /** The job's compact specification (`jobPlan` in core/pipeline/pipeline.ts), JSON. */
  plan: string;
  /** How many jobs wait for it. */
  dependents: number;
  /** The run's `info` with what its jobs share (`ClaimedRunInfo`), JSON; may be empty for a dependent that came with the end of another attempt of the run. */
  info: string;
  /** From when it was ready until its claim, in ms. */
  waitedMs: number;
  /** Since its claim, in ms: 0 unless it was adopted. */
  claimedMs: number;
}

/** As `lua/claim.lua` makes it. */
type ClaimReply = [
  kind: string,
  index: number,
  attempt: number,
  epoch: number,
  job: string,
  plan: string,
  dependents: number,
  info: string,
  waited: number,
  age: number,
];

/** More runs than one call can claim from. */
const infosKept = 1000;

/** Reads the replies to claims. A call gives a run's info once, whatever it claims of the run. */
export class ClaimReader {
  #infos = new Map<RunUid, string>();
  #olderInfos = new Map<RunUid, string>();

  /** Replies of one call are to be read in its order, so that the one with the info comes first. */
  read(reply: Reply[], run: RunUid, owner: string): ClaimedAttempt {
    const [, index, attempt, epoch, job, plan, dependents, info, waitedMs, claimedMs] = reply as ClaimReply;
    const lease = { run, index, attempt, epoch, owner };
    return { lease, job, plan, dependents, info: this.#infoOf(run, info), waitedMs, claimedMs };
  }

  #infoOf(run: RunUid, given: string): string {
    if (given === '') return this.#infos.get(run) ?? this.#olderInfos.get(run) ?? '';
    if (this.#infos.size >= infosKept) {
      this.#olderInfos = this.#infos;
      this.#infos = new Map();
    }
    this.#infos.set(run, given);
    return given;
  }
}
