import type { Metrics } from '@chainr/core/service/metrics';
import type { AttemptSpec, Executor, KeptSecret } from '@chainr/executor/port';
import { Abandoned, HandedOver, LeaseLost } from './leases/held-lease.js';

const briefCalls = ['ensure', 'stop', 'remove', 'list', 'readSecret', 'ping'] as const;
type BriefCall = (typeof briefCalls)[number];

/**
 * The same executor, with its calls timed and its errors counted. Not those of `logs`: that is the way of every line.
 */
export function measureExecutor(executor: Executor, metrics: Metrics): Executor {
  const { kind } = executor;
  const calls = metrics.histogram('executorCalls');
  const errors = metrics.counter('executorErrors');
  for (const call of briefCalls) calls.zero({ executor: kind, call });
  for (const call of [...briefCalls, 'observe']) errors.inc({ executor: kind, call }, 0);

  const failed = (call: BriefCall | 'observe', error: unknown): void => {
    if (!isOfLease(error)) errors.inc({ executor: kind, call });
  };

  async function timed<T>(call: BriefCall, answer: Promise<T>): Promise<T> {
    const sentAt = performance.now();
    try {
      return await answer;
    } catch (error) {
      failed(call, error);
      throw error;
    } finally {
      calls.observe({ executor: kind, call }, (performance.now() - sentAt) / 1000);
    }
  }

  return {
    kind,
    id: executor.id,
    capabilities: executor.capabilities,
    ensure: (spec, guard, recordStart) => timed('ensure', executor.ensure(spec, guard, recordStart)),
    observe: (spec, onPhase, signal) =>
      executor.observe(spec, onPhase, signal).catch((error: unknown) => {
        if (!signal.aborted) failed('observe', error);
        throw error;
      }),
    logs: (spec, from, signal) => executor.logs(spec, from, signal),
    ...(executor.stored && { stored: (key, position) => executor.stored?.(key, position) }),
    stop: (key, graceMs, guard) => timed('stop', executor.stop(key, graceMs, guard)),
    remove: (key, guard) => timed('remove', executor.remove(key, guard)),
    list: () => timed('list', executor.list()),
    ping: () => timed('ping', executor.ping()),
    ...(executor.readSecret && { readSecret: (name, spec) => timed('readSecret', readSecretOf(executor, name, spec)) }),
    close: () => executor.close(),
  };
}

const readSecretOf = async (executor: Executor, name: string, spec: AttemptSpec): Promise<KeptSecret | undefined> =>
  executor.readSecret?.(name, spec);

/** The lease ended meanwhile: the executor is not to blame. */
const isOfLease = (error: unknown): boolean =>
  error instanceof LeaseLost || error instanceof HandedOver || error instanceof Abandoned;
