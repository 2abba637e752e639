import type { Logger } from '@chainr/core/service/logger';
import type { Metrics } from '@chainr/core/service/metrics';
import type { GateConfig } from './config.js';
import type { ConnectionLimit } from './guards/limit-connections.js';

/** What the parts of gate share. */
export interface GateContext {
  readonly config: GateConfig;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly connections: ConnectionLimit;
}
