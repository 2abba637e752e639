import { once } from 'node:events';
import http from 'node:http';
import type { Address } from '@chainr/core/service/address';
import type { ReadyCheck } from '@chainr/core/service/health';

/**
 * Asks a service whether it is ready, until it was once. So a gate that cannot reach its services never gets requests,
 * and an outage of a service, or of Redis behind it, does not take away all gates: they answer 503 with `Retry-After`,
 * and serve the page.
 */
export function reachedOnce(name: string, address: Address): ReadyCheck {
  const check = checkService(name, address);
  let reached = false;
  return async () => {
    if (reached) return true;
    const result = await check();
    reached = result === true;
    return result;
  };
}

function checkService(name: string, address: Address): ReadyCheck {
  return async () => {
    const request = http.get({ ...address, path: '/readyz', agent: false, signal: AbortSignal.timeout(2000) });
    try {
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      response.resume();
      return response.statusCode === 200 ? true : `${name} is not ready.`;
    } catch (error) {
      return `${name} does not answer: ${error instanceof Error ? error.message : String(error)}.`;
    } finally {
      request.destroy();
    }
  };
}
