import { ancestorsOf } from './ancestors.js';
import { hasCondition } from '../conditions.js';
import type { Path, Warn } from '../mistakes.js';
import type { Job, Pipeline } from '../pipeline.js';
import { hasReference, referencesIn } from '../references.js';
import { mainStep } from '../steps.js';

/**
 * A skipped job has no outputs, and a reference to them without a default fails. Warns of references to a job that may
 * be skipped while the referring job runs.
 */
export function warnOfMissingOutputs({ jobs }: Pipeline, warn: Warn): void {
  if (!jobs.some(({ references }) => references && Object.keys(references.outputsOf).length > 0)) return;
  const indexOf = new Map(jobs.map(({ name }, index) => [name, index]));
  const hasRunBefore = ancestorsOf(edgesThatRan(jobs, indexOf));
  for (const [index, job] of jobs.entries()) {
    for (const [text, path] of textsOf(job)) {
      for (const { job: of, key, fallback } of referencesIn(text)) {
        if (fallback !== undefined || hasRunBefore(index, indexOf.get(of) ?? index)) continue;
        warn(
          path,
          `"${of}" may be skipped and then has no outputs: this job would fail. ` +
            `Write \${{ jobs.${of}.outputs.${key} or "text" }} to give a default`,
        );
      }
    }
  }
}

/** For each job: the dependencies that certainly ran, and were not skipped, if the job itself runs. */
function edgesThatRan(jobs: readonly Job[], indexOf: ReadonlyMap<string, number>) {
  const isNeverSkipped = neverSkipped(jobs, indexOf);
  return jobs.map(({ dependsOn }) =>
    dependsOn.flatMap(({ job, mask }, entry) => {
      const to = indexOf.get(job) ?? 0;
      return hasCondition(mask, 'skipped') && !isNeverSkipped[to] ? [] : [{ to, entry }];
    }),
  );
}

/**
 * For each job: whether it runs however its dependencies end. Cancels do not count: then no job that refers to it runs.
 */
function neverSkipped(jobs: readonly Job[], indexOf: ReadonlyMap<string, number>): readonly boolean[] {
  const known: boolean[] = [];
  const open = jobs.map((_, index) => index);
  // Without recursion: a chain may be as long as the pipeline.
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (known[index] !== undefined) continue;
    const dependsOn = jobs[index]?.dependsOn ?? [];
    const goesOnAnyway = dependsOn.every(({ mask }) => hasCondition(mask, 'success') && hasCondition(mask, 'failure'));
    const asked = goesOnAnyway
      ? dependsOn.flatMap(({ job, mask }) => (hasCondition(mask, 'skipped') ? [] : [indexOf.get(job) ?? 0]))
      : [];
    const unknown = asked.filter((to) => known[to] === undefined);
    if (unknown.length > 0) open.push(index, ...unknown);
    else known[index] = goesOnAnyway && asked.every((to) => known[to]);
  }
  return known;
}

/** The texts of a job in which references are resolved, and where they were written. */
function* textsOf({ name, env, steps, services = [] }: Job): Generator<readonly [text: string, path: Path]> {
  yield* variablesOf(env, ['jobs', name]);
  // The only step of a job without steps has the image of the job, and no variables of its own.
  const isOnly = steps.length === 1 && steps[0]?.name === mainStep;
  for (const [index, step] of steps.entries()) {
    const path = ['jobs', name, 'steps', index];
    if (hasReference(step.image)) yield [step.image, [...(isOnly ? ['jobs', name] : path), 'image']];
    yield* variablesOf(step.env, path);
  }
  for (const [index, service] of services.entries()) {
    const path = ['jobs', name, 'services', index];
    if (hasReference(service.image)) yield [service.image, [...path, 'image']];
    yield* variablesOf(service.env, path);
  }
}

function* variablesOf(env: Job['env'], path: Path): Generator<readonly [text: string, path: Path]> {
  for (const [variable, value] of Object.entries(env ?? {})) {
    if (typeof value === 'string' && hasReference(value)) yield [value, [...path, 'env', variable]];
  }
}
