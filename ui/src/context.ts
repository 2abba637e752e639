import type { Logger } from '@chainr/core/service/logger';
import type { Page } from './read-page.js';

/** What the routes of ui share. */
export interface UiContext {
  readonly logger: Logger;
  readonly page: Page;
}
