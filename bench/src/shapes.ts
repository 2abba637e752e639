import { checkPipeline } from '@chainr/core/pipeline/checks/check-pipeline';
import type { Pipeline } from '@chainr/core/pipeline/pipeline';
import { dagNames, loadDag, writeDagPipeline } from './load-dag.js';

/** A pipeline whose jobs do nothing. */
export interface Shape {
  name: string;
  pipeline: Pipeline;
  /** As a user would send it. */
  text: string;
  /** How many of its jobs start if all succeed. */
  starts: number;
  /** The target: how many times as many jobs per second as BullMQ alone. */
  target?: number;
}

type Dependency = string | { job: string; conditions: object };

const job = (...dependsOn: Dependency[]) => ({ image: 'busybox', run: ':', dependsOn });

/** `length` jobs in a row. */
export function chainOf(length: number): Shape {
  const jobs = Array.from({ length }, (_, at) => [`job-${at}`, at === 0 ? job() : job(`job-${at - 1}`)] as const);
  return shapeOf(`chain of ${length}`, { kind: 'Pipeline', jobs: Object.fromEntries(jobs) });
}

/** One job, then `width` dependents, then one that waits for all of them. */
export function fanOf(width: number): Shape {
  const middle = Array.from({ length: width }, (_, at) => `middle-${at}`);
  const jobs = {
    first: job(),
    ...Object.fromEntries(middle.map((name) => [name, job('first')])),
    last: job(...middle),
  };
  return shapeOf(`1 → ${width} → 1`, { kind: 'Pipeline', jobs });
}

/** The pipeline of the README; one of its four jobs is skipped. */
export function readmeShape(): Shape {
  const error = job({ job: 'first', conditions: { failure: true } });
  const jobs = { first: job(), second: job(), success: job('first'), error };
  return { ...shapeOf('README', { kind: 'Pipeline', jobs }), starts: 3 };
}

/** The shapes for measuring the engine, each with its target against BullMQ alone. */
export async function throughputShapes(): Promise<Shape[]> {
  const dags = dagNames.map(async (name) =>
    shapeOf(
      name,
      writeDagPipeline(name, await loadDag(name), () => ':'),
    ),
  );
  return [
    { ...chainOf(100), target: 2.5 },
    { ...fanOf(100), target: 1.5 },
    ...(await Promise.all(dags)).map((shape) => ({ ...shape, target: 1.5 })),
    readmeShape(),
  ];
}

function shapeOf(name: string, written: object): Shape {
  const checked = checkPipeline(written);
  if ('mistakes' in checked) throw new Error(`${name} is no pipeline: ${JSON.stringify(checked.mistakes[0])}`);
  const { pipeline } = checked;
  return { name, pipeline, text: JSON.stringify(written), starts: pipeline.jobs.length };
}
