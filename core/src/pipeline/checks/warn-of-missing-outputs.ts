import { ancestorsOf } from './ancestors.js';
import { names } from '../conditions.js';
import type { Path, Warn } from '../mistakes.js';
import type { Job, Pipeline } from '../pipeline.js';
import { hasReference, referencesIn } from '../references.js';
import { mainStep } from '../steps.js';

/**
 * A job that was skipped has no outputs, and who refers to one without a default fails. So references are named whose
 * job may be skipped while the one that refers to it runs.
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

/** By job: the dependencies that have run, and were not skipped, whenever the job itself runs. */
function edgesThatRan(jobs: readonly Job[], indexOf: ReadonlyMap<string, number>) {
  const isNeverSkipped = neverSkipped(jobs, indexOf);
  return jobs.map(({ dependsOn }) =>
    dependsOn.flatMap(({ job, mask }, entry) => {
      const to = indexOf.get(job) ?? 0;
      return names(mask, 'skipped') && !isNeverSkipped[to] ? [] : [{ to, entry }];
    }),
  );
}

/** By job: whether it runs however its dependencies end. Cancels do not count: then nothing runs that refers to it. */
function neverSkipped(jobs: readonly Job[], indexOf: ReadonlyMap<string, number>): readonly boolean[] {
  const known: boolean[] = [];
  const open = jobs.map((_, index) => index);
  // Without recursion, since a chain may be as long as a pipeline.
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (known[index] !== undefined) continue;
    const dependsOn = jobs[index]?.dependsOn ?? [];
    const goesOnAnyway = dependsOn.every(({ mask }) => names(mask, 'success') && names(mask, 'failure'));
    const asked = goesOnAnyway
      ? dependsOn.flatMap(({ job, mask }) => (names(mask, 'skipped') ? [] : [indexOf.get(job) ?? 0]))
      : [];
    const unknown = asked.filter((to) => known[to] === undefined);
    if (unknown.length > 0) open.push(index, ...unknown);
    else known[index] = goesOnAnyway && asked.every((to) => known[to]);
  }
  return known;
}

/** The texts of a job in which references are looked up, and where they were written. */
function* textsOf({ name, env, steps }: Job): Generator<readonly [text: string, path: Path]> {
  yield* variablesOf(env, ['jobs', name]);
  const isOnly = steps.length === 1 && steps[0]?.name === mainStep;
  for (const [index, step] of steps.entries()) {
    const path = isOnly ? ['jobs', name] : ['jobs', name, 'steps', index];
    if (hasReference(step.image)) yield [step.image, [...path, 'image']];
    yield* variablesOf(step.env, path);
  }
}

function* variablesOf(env: Job['env'], path: Path): Generator<readonly [text: string, path: Path]> {
  for (const [variable, value] of Object.entries(env ?? {})) {
    if (typeof value === 'string' && hasReference(value)) yield [value, [...path, 'env', variable]];
  }
}
