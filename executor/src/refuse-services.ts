import type { AttemptSpec } from './port.js';

/** A sentence if the attempt has services; for executors that cannot run any. */
export function refuseServices({ services = [] }: AttemptSpec): string | undefined {
  if (services.length === 0) return undefined;
  const names = services.map(({ name }) => `"${name}"`).join(', ');
  return `The job has services (${names}), which this worker cannot run: use a pool whose workers have the docker or kubernetes executor.`;
}
