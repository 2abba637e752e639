import type { Health } from '@chainr/core/service/health';
import type { Logger } from '@chainr/core/service/logger';
import type { Metrics } from '@chainr/core/service/metrics';
import type { EventReader } from './event-reader.js';
import type { EventTail } from './event-tail.js';

/** What the parts of notif share. */
export interface NotifContext {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly events: EventReader;
  readonly tail: EventTail;
  readonly health: Health;
}
