import { backlogMember } from '../../../src/store/redis/keys.js';
import { attemptFlags, type Row } from '../../../src/store/script/layout.js';
import { casePools, hasPools, hasPriorities, poolOf, type Pool, type RandomCase } from './random-case.js';
import { edgesOf } from './reference-model.js';
import type { EndRequest, JobView, Replay } from './replay.js';
import { requestOf, type RunSnapshot } from './snapshot.js';

/**
 * Compares what is stored of a run with what its events said (see Final stays final, Gapless events and Sets of
 * holders): what is stored beside the rows is exactly what the rows require.
 *
 * @param dueUntil deadlines up to this time have been carried out
 * @returns one sentence for each fault
 */
export function findFaults(each: RandomCase, replay: Replay, found: RunSnapshot, dueUntil = 0): string[] {
  const inspection = new Inspection(each, replay, { found, dueUntil });
  inspection.lookAtRun();
  found.rows.forEach((row, index) => inspection.lookAtJob(row, index));
  inspection.lookBesideTheRows();
  return inspection.faults;
}

const sorted = (values: Iterable<string>): string => [...values].sort().join(' ');

class Inspection {
  readonly faults: string[] = [];
  readonly #case: RandomCase;
  readonly #replay: Replay;
  readonly #found: RunSnapshot;
  readonly #dueUntil: number;
  readonly #request: EndRequest | undefined;
  /** The run is ending, and a later call does the rest: some of its jobs have not changed yet. */
  readonly #isEnding: boolean;
  /** What should be stored beside the rows. */
  readonly #leases: string[] = [];
  readonly #handedOut: Record<Pool, string[]> = { fake: [], other: [] };
  readonly #backlog: Record<Pool, string[]> = { fake: [], other: [] };
  readonly #running: Record<Pool, string[]> = { fake: [], other: [] };
  readonly #stops = new Set<string>();
  readonly #deadlines = new Map<string, number>();

  constructor(each: RandomCase, replay: Replay, { found, dueUntil }: { found: RunSnapshot; dueUntil: number }) {
    this.#case = each;
    this.#replay = replay;
    this.#found = found;
    this.#dueUntil = dueUntil;
    this.#request = requestOf(found.state);
    this.#isEnding = this.#request !== undefined && found.todo > 0;
  }

  lookAtRun(): void {
    const { state, rows, todo, hasChunk, isLive } = this.#found;
    this.#same('status', state.status, this.#replay.status);
    for (const [status, count] of Object.entries(state.jobCounts))
      this.#same(`count of ${status}`, count, rows.filter((row) => row.status === status).length);
    this.#same('two requests to end', state.cancelRequestedAt !== undefined && state.timedOutAt !== undefined, false);
    this.#same('todo', state.todo, todo);
    this.#same('mark of unresolved edges', hasChunk, todo > 0);
    this.#same('live', isLive, state.endedAt === undefined);
    if (this.#case.timeoutMs === undefined || state.endedAt !== undefined) return;
    const dueAt = state.createdAt + this.#case.timeoutMs;
    if (state.timedOutAt !== undefined) this.#same('timed out early', state.timedOutAt < dueAt, false);
    // A timeout that passes after a cancel is dropped without effect.
    else if (!this.#request || this.#found.deadlines.has('0.0.r')) this.#due('0.0.r', dueAt);
  }

  lookAtJob(row: Row, index: number): void {
    const view = this.#replay.jobs[index]!;
    const { status, reason, section } = row;
    const attempt = section?.attempt ?? 1;
    const id = `${index}.${attempt}`;
    this.#same(`status of job ${index}`, status, view.status);
    this.#same(`attempt of job ${index}`, attempt, view.attempt);
    // No event says that a job waits for a slot from the beginning: only its row does.
    if (reason !== 'WaitingForSlot' || view.wasTold) this.#same(`reason of job ${index}`, reason, view.reason);
    if (section?.phases.claimedAt !== undefined && (section.flags & attemptFlags.closed) === 0)
      this.#leases.push(`${id}.${section.epoch}.${section.owner}`);
    if (status === 'RUNNING') this.#lookAtRunning(id, index, view);
    if (status === 'PENDING') this.#lookAtPending(id, index, row);
  }

  #lookAtRunning(id: string, index: number, view: JobView): void {
    this.#running[poolOf(this.#case, index)].push(String(index));
    if (this.#isEnding) return;
    const stop = this.#replay.stopOf(index);
    if (stop === undefined || stop === 'Interrupted')
      this.#same(`job ${index} goes on after the end was asked for`, this.#request !== undefined, false);
    if (stop !== undefined) {
      this.#stops.add(id);
      return;
    }
    const { timeoutMs, pendingTimeoutMs } = this.#case.jobs[index]!;
    const isPending = view.executingAt === 0 && this.#replay.deeds.starting.has(id);
    if (view.executingAt > 0 && timeoutMs !== undefined) this.#due(`${id}.t`, view.executingAt + timeoutMs);
    if (isPending && pendingTimeoutMs !== undefined) this.#due(`${id}.p`, view.claimedAt + pendingTimeoutMs);
  }

  #lookAtPending(id: string, index: number, { reason, unsatisfied, section }: Row): void {
    if (this.#found.todo === 0) {
      const edges = edgesOf(this.#case.jobs[index]!, (on) => this.#replay.jobs[on]!.status);
      this.#same(`edges that job ${index} waits for`, unsatisfied, edges.waiting);
      this.#same(`broken edges of job ${index}, which waits`, edges.broken.length, 0);
      this.#same(`job ${index} still waits after the end was asked for`, this.#request !== undefined, false);
    }
    if (unsatisfied > 0 || this.#isEnding) return;
    if (reason === 'RetryBackoff') this.#due(`${id}.b`, this.#replay.jobs[index]!.backoffEndsAt);
    else if ((section?.message ?? 0) > 0) this.#handedOut[poolOf(this.#case, index)].push(id);
    else this.#backlog[poolOf(this.#case, index)].push(backlogMember(index));
  }

  lookBesideTheRows(): void {
    const found = this.#found;
    const { state } = found;
    const running = casePools.flatMap((pool) => this.#running[pool]);
    this.#same('leases', sorted(found.leases.keys()), sorted(this.#leases));
    this.#same('open', state.open, this.#leases.length);
    this.#same('slots', sorted(found.slots), this.#case.maxParallel === undefined ? '' : sorted(running));
    if (this.#isEnding) return;
    // An attempt that is to be stopped may still have one of its deadlines, which has no effect any more.
    const counts = [...found.deadlines].filter(([id]) => !/\.[tp]$/.test(id) || !this.#stops.has(id.slice(0, -2)));
    const withTime = ([id, at]: [string, number]): string => `${id}@${at}`;
    this.#same('deadlines', sorted(counts.map(withTime)), sorted([...this.#deadlines].map(withTime)));
    this.#same('stops', sorted(found.stops.keys()), sorted(this.#stops));
    this.#same('whether it has slices', found.slices !== undefined, hasPools(this.#case));
    if (found.slices) this.#same('counts beside those of its slices', state.queued + state.backlog, 0);
    for (const pool of casePools) this.#lookAtPool(pool, running.length);
  }

  /** Pools do not wait for one another: a slot may be meant for a job of each. */
  #lookAtPool(pool: Pool, slotsTaken: number): void {
    const { state, slices, backlog, backlogs, marks, todo } = this.#found;
    const [handedOut, waiting] = [this.#handedOut[pool], this.#backlog[pool]];
    this.#same(`marks in ${pool}`, sorted(marks[pool]), sorted(handedOut));
    const isOfRun = !slices && pool === (this.#case.pool ?? 'fake');
    const { queued, backlog: length } = isOfRun ? state : (slices?.find((each) => each.pool === pool) ?? { queued: 0, backlog: 0 }); // prettier-ignore
    this.#same(`queued in ${pool}`, queued, handedOut.length);
    this.#same(`backlog in ${pool}`, sorted(isOfRun ? backlog : backlogs[pool]), sorted(waiting));
    this.#same(`length of the backlog in ${pool}`, length, waiting.length);
    const { maxParallel } = this.#case;
    const taken = handedOut.length + this.#running[pool].length;
    this.#same(`more is handed out in ${pool} than has a slot`, taken > (maxParallel ?? Infinity), false);
    const room = maxParallel === undefined ? handedOut.length === 0 : slotsTaken + handedOut.length < maxParallel;
    // If jobs differ in priority, none is chosen before all edges are resolved (see Priorities).
    const isChosen = todo === 0 || !hasPriorities(this.#case);
    this.#same(`a job waits in ${pool} while nothing is before it`, room && isChosen && waiting.length > 0, false);
  }

  /** Expects a deadline, and that it is not overdue. */
  #due(id: string, at: number): void {
    this.#deadlines.set(id, at);
    this.#same(`${id}, which was due at ${at}, is there`, at <= this.#dueUntil, false);
  }

  #same(what: string, is: string | number | boolean, should: string | number | boolean): void {
    if (is !== should) this.faults.push(`${what}: ${is}, should be ${should}`);
  }
}
