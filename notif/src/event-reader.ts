import type { EventStream } from '@chainr/core/store/events/event-stream';

/** What notif reads of the store. */
export type EventReader = Pick<EventStream, 'readEvents' | 'lastCursor' | 'stands' | 'tail'>;
