import type { EventStream } from '@chainr/core/store/events/event-stream';

/** The part of the store that notif reads. */
export type EventReader = Pick<EventStream, 'readEvents' | 'lastCursor' | 'stands' | 'tail'>;
