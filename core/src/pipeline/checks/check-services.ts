import { pipelineLimits } from '../limits.js';
import type { MistakeList, Path } from '../mistakes.js';
import { isPlainMap } from '../plain-values.js';
import { mainStep } from '../steps.js';
import { checkContainerSize, checkEnv } from './check-container.js';

const checksOfReadiness = ['run', 'http', 'tcp'] as const;

/** The rules between the fields of the services of a job, and its steps. `steps` is undefined if it has none. */
export function checkServices(services: unknown, steps: unknown, path: Path, mistakes: MistakeList): void {
  if (!Array.isArray(services) || services.length > pipelineLimits.servicesPerJob) return;
  const stepNames = Array.isArray(steps) ? namesIn(steps) : new Set([mainStep]);
  const names = new Set<unknown>();
  for (const [index, service] of (services as unknown[]).entries()) {
    if (!isPlainMap(service)) continue;
    const own: Path = [...path, index];
    const { name, ready } = service;
    if (names.has(name)) mistakes.add([...own, 'name'], 'another service of the job has the same name');
    else if (stepNames.has(name)) mistakes.add([...own, 'name'], `a step of the job has the same name${hint(name)}`);
    if (typeof name === 'string') names.add(name);
    if (isPlainMap(ready)) checkReadiness(ready, [...own, 'ready'], mistakes);
    checkContainerSize(service, own, checkEnv(service.env, [...own, 'env'], mistakes), mistakes);
  }
}

function checkReadiness(ready: Readonly<Record<string, unknown>>, path: Path, mistakes: MistakeList): void {
  const written = checksOfReadiness.filter((way) => Object.hasOwn(ready, way));
  if (written.length === 1) return;
  const problem = written.length === 0 ? 'has none' : `has ${written.join(' and ')}`;
  mistakes.add(path, `must have exactly one of ${checksOfReadiness.join(', ')}, but ${problem}`);
}

const namesIn = (steps: readonly unknown[]): ReadonlySet<unknown> =>
  new Set(steps.flatMap((step) => (isPlainMap(step) ? [step.name] : [])));

const hint = (name: unknown): string => (name === mainStep ? ', which a job without steps gives to its only one' : '');
