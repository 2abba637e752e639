import type { RunUid } from '../../engine/records.js';
import { runStatuses, type RunStatus } from '../../engine/states.js';
import type { Batcher } from './batcher.js';
import type { Reply } from './unpack-reply.js';

/** Why a run was not deleted. */
export type DeleteRefusal =
  | { kind: 'gone' }
  | { kind: 'live'; status: RunStatus }
  /** So many of its attempts are not closed: their logs are still being stored. */
  | { kind: 'open'; attempts: number };

/** Where the removal of a run's logs stands: the next attempt of the next job. */
export interface RemovalPlace {
  index: number;
  attempt: number;
}

/** A run of few jobs goes in one call, and eight of them in the same. */
const deleteWeight = 4;

const restOf = ([kind, index, attempt]: readonly Reply[]): { rest?: RemovalPlace } =>
  kind === 'more' ? { rest: { index: Number(index), attempt: Number(attempt) } } : {};

/** What ends the keeping of runs and logs, each one operation of the library (`lua/`), each safe to repeat (see Deletion). */
export class Removals {
  readonly #batcher: Batcher;

  constructor(batcher: Batcher) {
    this.#batcher = batcher;
  }

  /**
   * Hides a final run at once and begins to remove what it kept (see Deletion); `rest` is left for `remove`.
   * @param indexes as `indexLines` makes them of its name and labels.
   */
  async delete(run: RunUid, indexes: string): Promise<DeleteRefusal | { kind: 'deleted'; rest?: RemovalPlace }> {
    const reply = await this.#batcher.run('delete', { uid: run, indexes }, { weight: deleteWeight });
    switch (reply[0]) {
      case 'gone':
        return { kind: 'gone' };
      case 'live':
        return { kind: 'live', status: runStatuses[Number(reply[1])] ?? 'PENDING' };
      case 'open':
        return { kind: 'open', attempts: Number(reply[1]) };
      default:
        return { kind: 'deleted', ...restOf(reply) };
    }
  }

  /** Removes what is left of a deleted run, in as many calls as it takes. */
  async remove(run: RunUid, from: RemovalPlace = { index: 0, attempt: 1 }): Promise<void> {
    let place: RemovalPlace | undefined = from;
    while (place) place = restOf(await this.#batcher.run('remove', { uid: run, ...place }, { weight: 32 })).rest;
  }

  /**
   * Removes the logs of a final run, in as many calls as it takes. `open`: it is not final, or one of its attempts
   * is not closed.
   */
  async removeLogs(run: RunUid): Promise<'removed' | 'open' | 'gone'> {
    let place: RemovalPlace | undefined = { index: 0, attempt: 1 };
    while (place) {
      const reply: Reply[] = await this.#batcher.run('remove-logs', { uid: run, ...place }, { weight: deleteWeight });
      if (reply[0] === 'open' || reply[0] === 'gone') return reply[0];
      place = restOf(reply).rest;
    }
    return 'removed';
  }

  /** To be called before the first object with a log of the run is put: only then is it removed with the run. */
  async beginArchive(run: RunUid): Promise<'done' | 'open' | 'gone'> {
    const [kind] = await this.#batcher.run('begin-archive', { uid: run });
    return kind as 'done' | 'open' | 'gone';
  }

  /** The log is in the archive: frees what Redis has of it, in as many calls as it takes. */
  async archiveLog(run: RunUid, index: number, attempt: number): Promise<'done' | 'gone'> {
    for (;;) {
      const args = { uid: run, index, attempt };
      const [kind] = await this.#batcher.run('archive-log', args, { weight: deleteWeight });
      if (kind !== 'more') return kind as 'done' | 'gone';
    }
  }
}
