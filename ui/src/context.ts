import type { Logger } from '@chainr/core/service/logger';
import type { Metrics } from '@chainr/core/service/metrics';
import type { Page } from './read-page.js';

/** What the routes of ui share. */
export interface UiContext {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly page: Page;
}
