import { formatAddress, isLoopback } from '@chainr/core/service/address';
import { Health } from '@chainr/core/service/health';
import { HttpServer } from '@chainr/core/service/http-server';
import { ListeningService } from '@chainr/core/service/listening-service';
import { createLogger, type Logger } from '@chainr/core/service/logger';
import { Metrics } from '@chainr/core/service/metrics';
import type { GateConfig } from './config.js';
import { reachedOnce } from './check-service.js';
import { ConnectionLimit } from './guards/limit-connections.js';
import { filesPerConnection, serverLimits } from './limits.js';
import { openFilesMax } from './guards/open-files.js';
import { routeRequests } from './route-requests.js';

/** For programs that start gate together with other services. */
export { readConfig, settings } from './config.js';

/** A shorter token causes a warning. */
const shortestToken = 16;

/**
 * Creates gate, the only door to chainr.
 *
 * @throws Error with one sentence if it would be open to others without a token
 */
export function createService(
  config: GateConfig,
  logger: Logger = createLogger('gate', config.logLevel),
): ListeningService {
  refuseOpenDoor(config);
  warnOfShortToken(config, logger);
  const metrics = new Metrics('gate');
  const connections = new ConnectionLimit(config.connectionsPerClient, logger);
  const checks = { sched: reachedOnce('sched', config.sched), notif: reachedOnce('notif', config.notif) };
  const health = new Health(metrics, checks, logger);
  const app = routeRequests({ config, logger, health, connections });
  const server = new HttpServer('http', app, config.listen, logger, {
    metrics,
    onConnection: connections.count,
    connectionsMax: Math.max(1, Math.floor(openFilesMax() / filesPerConnection)),
    setting: 'PORT or CHAINR_LISTEN',
    limits: serverLimits,
  });
  return new ListeningService('gate', logger, { parts: [], server, health });
}

function warnOfShortToken({ token }: GateConfig, logger: Logger): void {
  if (token === undefined || token.length >= shortestToken) return;
  const named = { event: 'token.short', characters: token.length };
  logger.warn(named, `CHAINR_TOKEN is easy to guess: use at least ${shortestToken} random characters`);
}

function refuseOpenDoor({ listen, token }: GateConfig): void {
  if (token !== undefined || isLoopback(listen)) return;
  const where = formatAddress(listen);
  throw new Error(
    `Listening on ${where} would let everyone on the network run commands on this machine: set CHAINR_TOKEN, or listen on 127.0.0.1.`,
  );
}
