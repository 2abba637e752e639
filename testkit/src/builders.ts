import { checkPipeline } from '@chainr/core/pipeline/checks/check-pipeline';
import type { Dependencies } from '@chainr/core/engine/transitive-dependents';
import type { Condition } from '@chainr/core/pipeline/conditions';
import type { Pipeline } from '@chainr/core/pipeline/pipeline';

/** A dependency by name, or with its conditions. */
export type Need = string | { job: string; conditions: Partial<Record<Condition, boolean>> };

/** A job by its dependencies, or with more fields as a user writes them. */
export type JobShape = readonly Need[] | { dependsOn?: readonly Need[]; [field: string]: unknown };

/** `{ a: [], b: ['a'] }` as a user would write it: every job runs `:`. */
function writtenPipeline(jobs: Readonly<Record<string, JobShape>>, rest: object): object {
  const entries = Object.entries(jobs).map(([name, shape]) => {
    const fields = isList(shape) ? { dependsOn: shape } : shape;
    return [name, { image: 'busybox', run: ':', ...fields }] as const;
  });
  return { kind: 'Pipeline', ...rest, jobs: Object.fromEntries(entries) };
}

/** The same with `rest`, further fields of the pipeline, checked and normalized as sched does it. */
export function pipelineOf(jobs: Readonly<Record<string, JobShape>>, rest: object = {}): Pipeline {
  const checked = checkPipeline(writtenPipeline(jobs, rest));
  if ('mistakes' in checked) throw new Error(`not a pipeline: ${JSON.stringify(checked.mistakes.slice(0, 3))}`);
  return checked.pipeline;
}

/** The dependencies of each job as its pipeline lists them, by index. */
export function dependenciesOf({ jobs }: Pick<Pipeline, 'jobs'>): Dependencies[] {
  const indexes = new Map(jobs.map(({ name }, index) => [name, index]));
  return jobs.map(({ dependsOn }) => dependsOn.map(({ job, mask }) => ({ index: indexes.get(job) ?? -1, mask })));
}

/** One job, then `width` dependents, then one that waits for all of them. */
export function fanOfJobs(
  width: number,
  conditions: Partial<Record<Condition, boolean>> = { success: true },
): Pipeline {
  const middle = Array.from({ length: width }, (_, at) => `middle-${String(at)}`);
  return pipelineOf({
    first: [],
    ...Object.fromEntries(middle.map((name) => [name, [{ job: 'first', conditions }]])),
    last: middle.map((job) => ({ job, conditions })),
  });
}

function isList(shape: JobShape): shape is readonly Need[] {
  return Array.isArray(shape);
}
