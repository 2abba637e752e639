import { Worker, type ResourceLimits } from 'node:worker_threads';

/**
 * Starts a thread with a module of this repository, compiled or, in development, as source: in threads tsx must be told
 * to read source. The thread does not keep the process alive.
 */
export function startThread(module: URL, resourceLimits: ResourceLimits): Worker {
  const isSource = module.pathname.endsWith('.ts');
  const fromSource = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(module.href)})))`;
  const thread = isSource
    ? new Worker(fromSource, { eval: true, resourceLimits })
    : new Worker(module, { resourceLimits });
  thread.unref();
  return thread;
}
