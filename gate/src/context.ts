import type { Logger } from '@chainr/core/service/logger';
import type { GateConfig } from './config.js';

/** What the parts of gate share. */
export interface GateContext {
  readonly config: GateConfig;
  readonly logger: Logger;
}
