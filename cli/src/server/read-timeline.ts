import type { Client } from '@chainr/core/api/client/client';
import type { TimelineResource } from '@chainr/core/api/contract/timeline-resource';

/** The timeline of a run with its first `most` jobs, or all of them. */
export async function readTimeline(client: Client, uid: string, most = Infinity): Promise<TimelineResource> {
  const timeline = await client.getTimeline(uid, { limit: Math.min(1000, most) });
  const { items } = timeline;
  for (let { next } = timeline.metadata; next !== undefined && items.length < most;) {
    const page = await client.getTimeline(uid, { limit: Math.min(1000, most - items.length), cursor: next });
    items.push(...page.items);
    next = page.metadata.next;
  }
  return timeline;
}
