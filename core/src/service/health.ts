import { ApiError } from '../api/contract/errors.js';
import { within } from '../async/within.js';
import express, { type RequestHandler } from 'express';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';
import { noStore } from './no-store.js';
import { version } from './version.js';

/** Returns true, or a sentence that says why the service is not ready. */
export type ReadyCheck = () => Promise<true | string>;

/** A check that never answers must not make the probe hang. */
const checkDeadlineMs = 2000;

const paths = ['/healthz', '/readyz', '/metrics'];

/**
 * What a service tells of itself, from before its parts are started until after they are stopped.
 * - `GET /healthz` answers 200 while the process can answer at all. A service that waits for Redis is alive: a restart
 *   would not help.
 * - `GET /readyz` answers 503 with the reason while the service is starting or stopping, and while a check fails, which
 *   is logged once.
 * - `GET /metrics` returns the service's metrics.
 */
export class Health {
  /** Set by the service. */
  standing: 'starting' | 'serving' | 'stopping' = 'starting';
  readonly #metrics: Metrics;
  readonly #checks: Readonly<Record<string, ReadyCheck>>;
  readonly #logger: Logger;
  #wasReady = true;

  constructor(metrics: Metrics, checks: Readonly<Record<string, ReadyCheck>>, logger: Logger) {
    this.#metrics = metrics;
    this.#checks = checks;
    this.#logger = logger;
  }

  routes(): express.Router {
    const { service, contentType } = this.#metrics;
    const router = express.Router();
    router.use(paths, noStore());
    router.get('/healthz', (_request, response) => {
      response.json({ status: 'ok', service, version });
    });
    router.get('/readyz', async (_request, response) => {
      const { standing } = this;
      const checks = standing === 'serving' ? await this.#check() : {};
      const ready = standing === 'serving' && Object.values(checks).every((result) => result === true);
      const status = standing !== 'serving' ? standing : ready ? 'ok' : 'unready';
      response.status(ready ? 200 : 503).json({ status, service, version, checks });
    });
    router.get('/metrics', async (_request, response) => {
      response.type(contentType).send(await this.#metrics.text());
    });
    return router;
  }

  /** Answers 503 to everything else while the service is starting. It listens already, to answer probes. */
  untilStarted(): RequestHandler {
    return (request, _response, next) => {
      if (this.standing !== 'starting' || paths.includes(request.path)) next();
      else next(new ApiError('Unavailable', `${this.#metrics.service} is starting; try again soon.`, retrySoon));
    };
  }

  async #check(): Promise<Record<string, true | string>> {
    const checks: Record<string, true | string> = {};
    await Promise.all(
      Object.entries(this.#checks).map(async ([name, check]) => {
        checks[name] = await answer(check);
      }),
    );
    const ready = Object.values(checks).every((result) => result === true);
    if (this.#wasReady && !ready) this.#logger.warn({ checks }, 'not ready');
    if (!this.#wasReady && ready) this.#logger.info('ready again');
    this.#wasReady = ready;
    return checks;
  }
}

const retrySoon = { headers: { 'Retry-After': '2' } };

async function answer(check: ReadyCheck): Promise<true | string> {
  try {
    return await within(checkDeadlineMs, check(), () => `Did not answer within ${checkDeadlineMs} ms.`);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
