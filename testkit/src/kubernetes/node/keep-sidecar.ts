import type { ContainerRun, PodPlace } from './container-run.js';
import type { NodeContext } from './context.js';
import { pause } from './pause.js';
import { passesProbe } from './probe.js';

export interface KeptSidecar {
  /** Settles when the sidecar has started, by its startup probe if it has one. */
  started: Promise<void>;
  /** Settles when it has ended and is not started again. */
  ended: Promise<void>;
}

/**
 * Runs a sidecar again and again until the signal: an init container with `restartPolicy: Always`.
 *
 * @param graceMs between TERM and KILL if its startup probe fails for good
 */
export function keepSidecar(
  run: ContainerRun,
  place: PodPlace,
  { settings }: NodeContext,
  { podName, graceMs, signal }: { podName: string; graceMs: number; signal: AbortSignal },
): KeptSidecar {
  let onStarted = (): void => undefined;
  const started = new Promise<void>((resolve) => (onStarted = resolve));
  const keep = async (): Promise<void> => {
    for (;;) {
      const begun = await run.start(place, signal);
      if (!begun) break;
      const over = new AbortController();
      const startup = awaitStartup(run, AbortSignal.any([signal, over.signal])).then(async (how) => {
        if (how === 'started') onStarted();
        if (how === 'failed') await terminate(run, graceMs, over.signal);
      });
      await begun.ended;
      over.abort();
      await startup;
      if (!(await pause(0, signal))) break;
      run.prepareRestart(`back-off 10s restarting failed container=${run.spec.name} pod=${podName}`);
      if (!(await pause(settings.retryMs, signal))) break;
    }
  };
  return { started, ended: keep() };
}

/**
 * Waits for the startup probe of a container.
 *
 * @param signal aborted when the container has ended, or must end
 * @returns `failed` if the probe has failed too often; `gone` if the container ended, or must end, before that
 */
async function awaitStartup(run: ContainerRun, signal: AbortSignal): Promise<'started' | 'failed' | 'gone'> {
  if (run.isStarted) return 'started';
  const { startupProbe: probe = {} } = run.spec;
  const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 } = probe;
  await pause(initialDelaySeconds * 1_000, signal);
  for (let failures = 0; failures < failureThreshold; failures += 1) {
    if (signal.aborted || !run.isRunning) return 'gone';
    const passes = await passesProbe(run, probe);
    // A probe that passed tells nothing of a container that ended meanwhile.
    if (passes && run.markStarted()) return 'started';
    await pause(periodSeconds * 1_000, signal);
  }
  return signal.aborted || !run.isRunning ? 'gone' : 'failed';
}

/** TERM, and KILL if it still runs after the grace. */
async function terminate(run: ContainerRun, graceMs: number, ended: AbortSignal): Promise<void> {
  run.kill('SIGTERM');
  if (await pause(graceMs, ended)) run.kill('SIGKILL');
}
