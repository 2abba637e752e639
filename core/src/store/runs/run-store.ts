import type { Redis } from 'ioredis';
import type { Outputs } from '../../engine/outcome.js';
import type { JobPlan } from '../../pipeline/pipeline.js';
import { logNames } from '../../pipeline/services.js';
import type { AttemptRecord, JobRecord, ReusedAttempt, RunRecord, RunUid } from '../../engine/records.js';
import type { Runtime } from '../../engine/runtime.js';
import type { RunStatus } from '../../engine/states.js';
import type { Dependencies } from '../../engine/transitive-dependents.js';
import type { TimedJob } from '../../timeline/timed-job.js';
import { createRun, type CreatedRun, type ExternalIdTaken, type IdempotencyKey, type NewRun } from './create-run.js';
import { StoreFull } from '../redis/errors.js';
import { findRuns, type RunPage, type RunsAsked } from './find-runs.js';
import {
  formatAttemptId,
  indexLines,
  keys,
  outputsField,
  parseAttemptId,
  planField,
  prefix,
  reusedField,
} from '../redis/keys.js';
import { specificationOf, toAttemptRecord, toJobRecord, unpackRow, unpackState } from '../script/layout.js';
import { readTitles } from './job-titles.js';
import { NameCache } from './name-cache.js';
import { readCompiledRun, readDependencies, type CompiledRun } from './read-compiled-run.js';
import { readTimedJobs } from './read-timed-jobs.js';
import { parseRunInfo } from './run-info.js';
import { readRunsScript } from '../script/library.js';
import { countRuns } from './run-sources.js';
import { unpackSource, type Source } from './source.js';
import type { StoreMemory } from '../redis/store-memory.js';
import type { DeleteRefusal, Removals } from '../script/removals.js';
import type { Transitions } from '../script/transitions.js';
import { readJobDiagnostics, type JobDiagnostics } from './read-job-diagnostics.js';
import { parseExecutorField } from '../work/executors.js';
import { translateRedisErrors } from '../redis/translate-redis-errors.js';

/** Rows read in one command. */
const page = 500;

/** What the API reads and changes about runs. Each call costs what it returns, not what is stored. */
export class RunStore {
  readonly #connection: Redis;
  readonly #transitions: Transitions;
  readonly #removals: Removals;
  readonly #memory: Pick<StoreMemory, 'isFull'>;
  readonly #names: NameCache;

  constructor(connection: Redis, transitions: Transitions, removals: Removals, memory: Pick<StoreMemory, 'isFull'>) {
    this.#connection = connection;
    this.#transitions = transitions;
    this.#removals = removals;
    this.#memory = memory;
    this.#names = new NameCache((uid) => this.#readNames(uid));
  }

  /** @throws StoreFull; StoreUnavailable: the run may or may not exist, so ask again with the same key */
  createRun(run: NewRun & { externalId?: never }): Promise<CreatedRun>;
  createRun(run: NewRun): Promise<CreatedRun | ExternalIdTaken>;
  async createRun(run: NewRun): Promise<CreatedRun | ExternalIdTaken> {
    if (await this.#memory.isFull()) throw new StoreFull('Redis uses most of its memory');
    return translateRedisErrors(() => createRun(this.#connection, this.#transitions, run));
  }

  /** What `createRun` would answer to a used key; undefined for a new one. */
  async findReplay({ scope, key, bodyHash }: IdempotencyKey): Promise<CreatedRun | undefined> {
    const known = await translateRedisErrors(() => this.#connection.get(keys.idempotency(scope, key)));
    const [uid, hash] = known?.split(' ') ?? [];
    if (uid === undefined) return undefined;
    return hash === bodyHash ? { kind: 'replayed', uid } : { kind: 'conflict' };
  }

  /** The run with an external id (see External ids). */
  async findByExternalId(id: string): Promise<RunUid | undefined> {
    const [uid] = await translateRedisErrors(() => this.#connection.zrange(keys.external(id), 0, '0'));
    return uid;
  }

  async getRun(uid: RunUid): Promise<RunRecord | undefined> {
    const [state, info] = await translateRedisErrors(() =>
      this.#connection.hmgetBuffer(keys.run(uid), 'state', 'info'),
    );
    return state && info ? toRunRecord(uid, state, info) : undefined;
  }

  /** The runs that exist, in the order asked for. */
  async getRuns(uids: readonly RunUid[]): Promise<RunRecord[]> {
    if (uids.length === 0) return [];
    const values = await translateRedisErrors(() =>
      this.#connection.callBuffer('EVAL', readRunsScript, 1, prefix, ...uids),
    );
    return uids.flatMap((uid, at) => {
      const [state, info] = (values as (Buffer | null)[]).slice(at * 2, at * 2 + 2);
      return state && info ? [toRunRecord(uid, state, info)] : [];
    });
  }

  /** Newest first. A page costs what it shows; it examines at most 2,000 runs and may be short. */
  listRuns(asked: RunsAsked): Promise<RunPage> {
    return translateRedisErrors(() => findRuns(this.#connection, (uids) => this.getRuns(uids), asked));
  }

  /** The number of runs in each status. */
  countRuns(): Promise<Record<RunStatus, number>> {
    return translateRedisErrors(() => countRuns(this.#connection));
  }

  /**
   * Deletes a final run whose attempts are all closed (see Deletion). It disappears at once; the call resolves when all
   * its data is removed. If the process is killed before, `resume-deletions` finishes.
   */
  async deleteRun(uid: RunUid): Promise<DeleteRefusal | { kind: 'deleted' }> {
    const info = await translateRedisErrors(() => this.#connection.hget(keys.run(uid), 'info'));
    if (info === null) return { kind: 'gone' };
    const reply = await this.#removals.delete(uid, indexLines(parseRunInfo(info)));
    if (reply.kind !== 'deleted') return reply;
    if (reply.rest) await this.#removals.remove(uid, reply.rest);
    return { kind: 'deleted' };
  }

  /** In the order of the pipeline, from the index `from`. */
  async listJobs(uid: RunUid, { from, limit }: { from: number; limit: number }): Promise<JobRecord[]> {
    const jobs: JobRecord[] = [];
    for (let at = from; at < from + limit; at += page) {
      const count = Math.min(page, from + limit - at);
      const rows = await this.#rows(uid, at, count);
      rows.forEach((row, place) => row && jobs.push(toJobRecord(at + place, unpackRow(row))));
      if (rows.at(-1) === null) break;
    }
    return jobs;
  }

  /**
   * The titles of jobs, in the order of the pipeline, from the index `from`; undefined for a job without one. Ask only for
   * a run that is `titled`: this reads its plans.
   */
  listTitles(uid: RunUid, range: { from: number; limit: number }): Promise<(string | undefined)[]> {
    return translateRedisErrors(() => readTitles(this.#connection, uid, range));
  }

  async findJob(uid: RunUid, name: string): Promise<JobRecord | undefined> {
    const index = (await this.#names.get(uid))?.get(name);
    if (index === undefined) return undefined;
    const row = await translateRedisErrors(() => this.#connection.hgetBuffer(keys.run(uid), String(index)));
    return row ? toJobRecord(index, unpackRow(row)) : undefined;
  }

  /** Oldest first; only attempts that were claimed. */
  async listAttempts(uid: RunUid, jobIndex: number): Promise<AttemptRecord[]> {
    const current = await translateRedisErrors(() => this.#connection.hgetBuffer(keys.run(uid), String(jobIndex)));
    if (!current) return [];
    const row = unpackRow(current);
    const count = row.section?.attempt ?? 0;
    if (count === 0) return [];
    const fields = Array.from({ length: count }, (_, at) => `${String(jobIndex)}.${String(at + 1)}`);
    const found = await translateRedisErrors(() =>
      this.#connection.hmgetBuffer(keys.attempts(uid), ...fields, ...fields.map((field) => `d${field}`)),
    );
    const archived = found.slice(0, count - 1);
    const runtimes = found.slice(count);
    const attempts = [...archived.flatMap((bytes) => (bytes ? [unpackRow(bytes)] : [])), row].flatMap(
      (each) => toAttemptRecord(each) ?? [],
    );
    const ids = await this.#executorIds(attempts.map(({ executor }) => executor));
    return attempts.map(({ executor, flags: _flags, ...attempt }) => {
      const executorId = ids.get(executor);
      const runtime = runtimes[attempt.attempt - 1];
      return {
        ...attempt,
        ...(executorId !== undefined && { executorId }),
        ...(runtime && { runtime: JSON.parse(runtime.toString()) as Runtime }),
      };
    });
  }

  /** Every job of a run with its edges and the phases of all its attempts, in the order of the pipeline. */
  listTimedJobs(uid: RunUid): Promise<TimedJob[]> {
    return translateRedisErrors(() => readTimedJobs(this.#connection, uid));
  }

  /** Undefined if there is no such job. */
  async getStanding(uid: RunUid, jobIndex: number): Promise<JobDiagnostics | undefined> {
    return translateRedisErrors(() => readJobDiagnostics(this.#connection, uid, jobIndex));
  }

  /** Some jobs of a run by index, in the order asked for; missing ones are left out. */
  async getJobs(uid: RunUid, indexes: readonly number[]): Promise<JobRecord[]> {
    if (indexes.length === 0) return [];
    const rows = await translateRedisErrors(() => this.#connection.hmgetBuffer(keys.run(uid), ...indexes.map(String)));
    return rows.flatMap((row, place) => (row ? [toJobRecord(indexes[place] ?? 0, unpackRow(row))] : []));
  }

  /** The names in the log of a job: `logNames`; empty if there is no such job. */
  async listLogNames(uid: RunUid, jobIndex: number): Promise<string[]> {
    const plan = await this.getPlan(uid, jobIndex);
    return plan ? logNames(plan) : [];
  }

  /** What is stored of a job for its worker; undefined where there is no such job. */
  async getPlan(uid: RunUid, jobIndex: number): Promise<JobPlan | undefined> {
    const plan = await translateRedisErrors(() => this.#connection.hgetBuffer(keys.run(uid), planField(jobIndex)));
    return plan ? (JSON.parse(specificationOf(plan)) as JobPlan) : undefined;
  }

  /** The attempt that a `Reused` job points to. */
  async getReused(uid: RunUid, jobIndex: number): Promise<ReusedAttempt | undefined> {
    const origin = await translateRedisErrors(() => this.#connection.hget(keys.run(uid), reusedField(jobIndex)));
    if (origin === null) return undefined;
    const { run, index, attempt } = parseAttemptId(origin);
    return { run, jobIndex: index, attempt };
  }

  /**
   * What a rerun stores of the jobs it reuses: fields of its `run:UID`, each before its value. If such a job was itself
   * reused, they point to the attempt that really ran.
   */
  async readReusedFields(uid: RunUid, jobs: readonly JobRecord[]): Promise<string[]> {
    const fields: string[] = [];
    for (let from = 0; from < jobs.length; from += page) {
      const part = jobs.slice(from, from + page);
      const names = part.flatMap(({ index }) => [reusedField(index), outputsField(index)]);
      const values = await translateRedisErrors(() => this.#connection.hmget(keys.run(uid), ...names));
      part.forEach(({ index, attempt }, place) => {
        const origin = values[place * 2] ?? formatAttemptId({ run: uid, index, attempt });
        const outputs = values[place * 2 + 1];
        fields.push(reusedField(index), origin);
        if (outputs) fields.push(outputsField(index), outputs);
      });
    }
    return fields;
  }

  /** The outputs of jobs that have ended, by index; jobs without outputs are left out. */
  async getOutputs(uid: RunUid, jobIndexes: readonly number[]): Promise<Map<number, Outputs>> {
    if (jobIndexes.length === 0) return new Map();
    const fields = jobIndexes.map(outputsField);
    const found = await translateRedisErrors(() => this.#connection.hmget(keys.run(uid), ...fields));
    return new Map(
      jobIndexes.flatMap((index, at) => {
        const text = found[at];
        // A retry by hand replaces outputs with an empty map.
        return text && text !== '{}' ? [[index, JSON.parse(text) as Outputs] as const] : [];
      }),
    );
  }

  /** The run as it was compiled, to be created again; undefined if there is no such run. */
  getCompiled(uid: RunUid): Promise<CompiledRun | undefined> {
    return translateRedisErrors(() => readCompiledRun(this.#connection, uid));
  }

  /** The dependencies of all jobs, by index; undefined if there is no such run. */
  getDependencies(uid: RunUid): Promise<Dependencies[] | undefined> {
    return translateRedisErrors(() => readDependencies(this.#connection, uid));
  }

  /** The pipeline as it was sent, for people. What chainr does with a run is read from its plans. */
  async getSource(uid: RunUid): Promise<Source | undefined> {
    const stored = await translateRedisErrors(() => this.#connection.getBuffer(keys.source(uid)));
    if (!stored || (await translateRedisErrors(() => this.#connection.hexists(keys.run(uid), 'state'))) === 0)
      return undefined;
    return unpackSource(stored);
  }

  #rows(uid: RunUid, from: number, count: number): Promise<(Buffer | null)[]> {
    const fields = Array.from({ length: count }, (_, at) => String(from + at));
    return translateRedisErrors(() => this.#connection.hmgetBuffer(keys.run(uid), ...fields));
  }

  /** Only for visible runs: a run that is being stored has rows already. */
  async #readNames(uid: RunUid): Promise<string[] | undefined> {
    if ((await translateRedisErrors(() => this.#connection.hexists(keys.run(uid), 'state'))) === 0) return undefined;
    const names: string[] = [];
    for (;;) {
      const rows = await this.#rows(uid, names.length, page);
      for (const row of rows) {
        if (!row) return names;
        names.push(unpackRow(row).name);
      }
    }
  }

  async #executorIds(numbers: readonly number[]): Promise<Map<number, string>> {
    if (numbers.length === 0) return new Map();
    const all = await translateRedisErrors(() => this.#connection.hgetall(keys.executors));
    return new Map(Object.entries(all).map(([field, number]) => [Number(number), parseExecutorField(field).id]));
  }
}

function toRunRecord(uid: RunUid, stateBytes: Buffer, infoBytes: Buffer): RunRecord {
  const {
    queued: _queued,
    backlog: _backlog,
    todo: _todo,
    open: _open,
    maxParallel,
    ...state
  } = unpackState(stateBytes);
  const { name, title, titled, externalId, labels = {}, timeoutMs, rerunOf } = parseRunInfo(infoBytes.toString('utf8'));
  const jobCount = Object.values(state.jobCounts).reduce((sum, count) => sum + count, 0);
  return {
    uid,
    ...(name === undefined ? {} : { name }),
    ...(title === undefined ? {} : { title }),
    ...(titled && { titled }),
    ...(externalId === undefined ? {} : { externalId }),
    labels,
    jobCount,
    ...state,
    ...(maxParallel === 0 ? {} : { maxParallel }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(rerunOf === undefined ? {} : { rerunOf }),
  };
}
