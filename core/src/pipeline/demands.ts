import type { Path } from './mistakes.js';
import type { ClusterValue, Env, EnvValue, Job, Pipeline } from './pipeline.js';

/** Something in a pipeline that not every kind of executor can do, at its place. */
export interface Demand {
  /** `podSettings` are ignored where there are no pods; the others are refused. */
  what: 'services' | 'clusterValue' | 'podSettings';
  path: Path;
  /** The pool of the job; absent: the default pool. */
  pool?: string;
}

/** More places of one kind in one pool are left out. */
const placesKept = 20;

/** What a valid pipeline demands of the executors of its jobs. Most pipelines demand nothing. */
export function findDemands(pipeline: Pipeline): Demand[] {
  const demands = new DemandList();
  const shared = clusterValuesIn(pipeline.env);
  for (const job of pipeline.jobs) {
    if (pipeline.kubernetes) demands.add('podSettings', job, ['kubernetes']);
    if (job.kubernetes) demands.add('podSettings', job, ['jobs', job.name, 'kubernetes']);
    if (job.services) demands.add('services', job, ['jobs', job.name, 'services']);
    if (!job.references) continue;
    const inherited = shared.find((name) => isInherited(name, job));
    if (inherited !== undefined) demands.add('clusterValue', job, ['env', inherited]);
    for (const [env, path] of envsOf(job)) {
      for (const name of clusterValuesIn(env)) demands.add('clusterValue', job, [...path, 'env', name]);
    }
  }
  return demands.list;
}

class DemandList {
  readonly list: Demand[] = [];
  /** The places by kind and pool. */
  readonly #places = new Map<string, Set<string>>();

  add(what: Demand['what'], { pool }: Job, path: Path): void {
    const kind = `${what} ${pool ?? ''}`;
    const places = this.#places.get(kind) ?? new Set();
    this.#places.set(kind, places);
    if (places.size === placesKept) return;
    const place = JSON.stringify(path);
    if (places.has(place)) return;
    places.add(place);
    this.list.push({ what, path, ...(pool !== undefined && { pool }) });
  }
}

const isClusterValue = (value: EnvValue): value is ClusterValue => typeof value === 'object' && 'key' in value;

const clusterValuesIn = (env: Env = {}): string[] =>
  Object.entries(env).flatMap(([name, value]) => (isClusterValue(value) ? [name] : []));

/** Whether a step of the job gets the variable of the pipeline, and not one of its own or of the job. */
const isInherited = (name: string, { env = {}, steps }: Job): boolean =>
  !Object.hasOwn(env, name) && steps.some((step) => !step.env || !Object.hasOwn(step.env, name));

/** Every env of a job, and where its container was written. */
function* envsOf({ name, env, steps, services = [] }: Job): Generator<readonly [Env | undefined, Path]> {
  const path = ['jobs', name];
  yield [env, path];
  // The only step of a job without steps has no variables of its own.
  for (const [at, step] of steps.entries()) yield [step.env, [...path, 'steps', at]];
  for (const [at, service] of services.entries()) yield [service.env, [...path, 'services', at]];
}
