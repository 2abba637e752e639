import { isoTime } from '@chainr/core/api/contract/field-schemas';
import type {
  JobTimelineResource,
  PathPartResource,
  SpanResource,
  TimelineResource,
} from '@chainr/core/api/contract/timeline-resource';
import type { Span } from '@chainr/core/timeline/attempt-spans';
import type { RunRecord } from '@chainr/core/engine/records';
import { percentOf, type JobTimeline, type PathPart, type Timeline } from '@chainr/core/timeline/timeline';

interface Page {
  from: number;
  limit: number;
  selfLink: string;
}

/** A timeline as the API shows it, with one page of its jobs. */
export function presentTimeline(run: RunRecord, timeline: Timeline, page: Page): TimelineResource {
  const items = timeline.jobs(page.from, page.limit);
  const end = page.from + items.length;
  const next = end < run.jobCount && items.length > 0 ? { next: String(end) } : {};
  return {
    kind: 'Timeline',
    metadata: { selfLink: page.selfLink, run: run.uid, ...next },
    status: run.status,
    from: isoTime(timeline.from),
    to: isoTime(timeline.to),
    shares: { ms: { ...timeline.times }, percent: { ...percentOf(timeline.times) } },
    criticalPath: timeline.path.map(presentPart),
    items: items.map(presentJob),
  };
}

function presentPart({ job, from, to, times }: PathPart): PathPartResource {
  return { job, from: isoTime(from), to: isoTime(to), ms: { ...times } };
}

function presentJob({ attempts, ...job }: JobTimeline): JobTimelineResource {
  return { ...job, attempts: attempts.map(({ spans, ...attempt }) => ({ ...attempt, spans: spans.map(presentSpan) })) };
}

function presentSpan({ kind, from, to }: Span): SpanResource {
  return { kind, from: isoTime(from), ...(to === undefined ? {} : { to: isoTime(to) }) };
}
