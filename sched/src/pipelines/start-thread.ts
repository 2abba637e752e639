import { Worker, type ResourceLimits } from 'node:worker_threads';

/**
 * Starts a thread with a module of this repository, compiled or, in development, as source: tsx reads source in threads
 * only where it is told to. The process can end while the thread is there.
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
