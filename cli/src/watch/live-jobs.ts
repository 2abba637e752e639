import type { EventResource } from '@chainr/core/api/contract/event-resource';
import type { JobSummary } from '@chainr/core/api/contract/run-resource';
import type { JobTimelineResource, TimelineResource } from '@chainr/core/api/contract/timeline-resource';
import { isFinalJob } from '@chainr/core/engine/states';

/** The last known state of a job of a watched run. */
export interface LiveJob extends JobSummary {
  attempt: number;
  /** When its attempt was claimed and ended, in milliseconds since 1970 by the clock of the server. */
  beganAt?: number;
  endedAt?: number;
}

type JobEvent = Extract<EventResource, { job: string }>;

/** The jobs of a watched run: its state at first, then updated by its events. */
export class LiveJobs {
  readonly #jobs = new Map<string, LiveJob>();

  constructor(jobs: readonly JobSummary[], timeline: TimelineResource) {
    const times = new Map(timeline.items.map((job) => [job.name, timesOf(job)]));
    for (const job of jobs) {
      // The jobs were read after the timeline or before it. A job that began in between is still PENDING here; its event
      // follows.
      const { attempt = 0, ...known } = times.get(job.name) ?? {};
      this.#jobs.set(job.name, { ...job, attempt, ...(job.status === 'PENDING' ? {} : known) });
    }
  }

  /** In the order of the pipeline. */
  get all(): readonly LiveJob[] {
    return [...this.#jobs.values()];
  }

  onEvent({ job: name, time, attempt, status, reason, message }: JobEvent): void {
    const before = this.#jobs.get(name);
    const at = Date.parse(time);
    const job: LiveJob = { ...before, name, attempt, status, reason, message };
    if (status === 'RUNNING' && before?.status !== 'RUNNING') {
      job.beganAt = at;
      delete job.endedAt;
    } else if (isFinalJob(status) && job.beganAt !== undefined) {
      job.endedAt ??= at;
    } else if (status === 'PENDING') {
      delete job.beganAt;
      delete job.endedAt;
    }
    this.#jobs.set(name, job);
  }

  /** After a gap in the events. The time of a change in the gap is unknown. */
  onState(jobs: readonly JobSummary[], now: number): void {
    for (const job of jobs) {
      const before = this.#jobs.get(job.name);
      const ended = isFinalJob(job.status) && before?.beganAt !== undefined;
      this.#jobs.set(job.name, { attempt: 0, ...before, ...job, ...(ended ? { endedAt: before.endedAt ?? now } : {}) });
    }
  }
}

function timesOf({ status, attempts }: JobTimelineResource): Pick<LiveJob, 'attempt' | 'beganAt' | 'endedAt'> {
  const last = attempts.at(-1);
  const spans = last?.spans.filter(({ kind }) => kind === 'starting' || kind === 'working') ?? [];
  const [first, end] = [spans[0], spans.at(-1)?.to];
  const attempt = attempts.findLast((each) => each.attempt !== undefined)?.attempt ?? 0;
  if (!first) return { attempt };
  return {
    attempt,
    beganAt: Date.parse(first.from),
    ...(isFinalJob(status) && end !== undefined ? { endedAt: Date.parse(end) } : {}),
  };
}
