import type { Health } from '@chainr/core/service/health';
import type { Logger } from '@chainr/core/service/logger';
import type { Page } from './read-page.js';

/** What the routes of ui share. */
export interface UiContext {
  readonly logger: Logger;
  readonly health: Health;
  readonly page: Page;
}
