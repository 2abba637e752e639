import type { Health } from '@chainr/core/service/health';
import type { Logger } from '@chainr/core/service/logger';
import type { GateConfig } from './config.js';
import type { ConnectionLimit } from './guards/limit-connections.js';

/** What the parts of gate share. */
export interface GateContext {
  readonly config: GateConfig;
  readonly logger: Logger;
  readonly health: Health;
  readonly connections: ConnectionLimit;
}
