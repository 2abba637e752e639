import { createConnection } from 'node:net';
import type { Probe } from '../objects.js';
import type { ContainerRun } from './container-run.js';

/** Whether a container passes a probe now. Its ports are those of this machine. */
export async function passesProbe(run: ContainerRun, probe: Probe): Promise<boolean> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1_000;
  if (probe.exec) return (await run.exec(probe.exec.command ?? [], timeoutMs)) === 0;
  if (probe.tcpSocket) return connects(portOf(run, probe.tcpSocket.port), timeoutMs);
  if (!probe.httpGet) return true;
  const { path = '/', port } = probe.httpGet;
  try {
    const url = `http://127.0.0.1:${portOf(run, port)}${path}`;
    const { status } = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'manual' });
    return status >= 200 && status < 400;
  } catch {
    return false; // Nobody listens yet, or nobody answers in time.
  }
}

function portOf({ spec }: ContainerRun, port: number | string): number {
  if (typeof port === 'number') return port;
  return (spec.ports ?? []).find(({ name }) => name === port)?.containerPort ?? Number(port);
}

function connects(port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1', timeout: timeoutMs });
    const end = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket
      .on('connect', () => end(true))
      .on('error', () => end(false))
      .on('timeout', () => end(false));
  });
}
