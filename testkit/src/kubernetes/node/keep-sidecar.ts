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

/** Runs a sidecar again and again until the signal: an init container with `restartPolicy: Always`. */
export function keepSidecar(
  run: ContainerRun,
  place: PodPlace,
  { settings }: NodeContext,
  podName: string,
  signal: AbortSignal,
): KeptSidecar {
  let onStarted = (): void => undefined;
  const started = new Promise<void>((resolve) => (onStarted = resolve));
  const keep = async (): Promise<void> => {
    for (;;) {
      const begun = await run.start(place, signal);
      if (!begun) break;
      if (run.isStarted) onStarted();
      else void awaitStartup(run, signal).then((isUp) => (isUp ? onStarted() : run.kill('SIGTERM')));
      await begun.ended;
      if (!(await pause(0, signal))) break;
      run.prepareRestart(`back-off 10s restarting failed container=${run.spec.name} pod=${podName}`);
      if (!(await pause(settings.retryMs, signal))) break;
    }
  };
  return { started, ended: keep() };
}

/** @returns false if the probe has failed too often; true also if there is nothing to wait for any more */
async function awaitStartup(run: ContainerRun, signal: AbortSignal): Promise<boolean> {
  const { startupProbe: probe = {} } = run.spec;
  const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 } = probe;
  await pause(initialDelaySeconds * 1_000, signal);
  for (let failures = 0; failures < failureThreshold; failures += 1) {
    if (signal.aborted || !run.isRunning) return true;
    if (await passesProbe(run, probe)) {
      run.markStarted();
      return true;
    }
    await pause(periodSeconds * 1_000, signal);
  }
  return false;
}
