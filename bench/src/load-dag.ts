import { readFile } from 'node:fs/promises';

/** A real workflow, published by WfCommons: the dependencies of its tasks, and how long each took. */
export interface Dag {
  /** Its origin. */
  source: string;
  tasks: readonly DagTask[];
}

export interface DagTask {
  /** A DNS label, unique in its DAG. */
  id: string;
  runtimeSeconds: number;
  /** The ids of the tasks that must end first. */
  parents: readonly string[];
}

export const dagNames = [
  'helloworld-chain',
  'epigenomics-41',
  'montage-103',
  'cutandrun-120',
  'soykb-156',
  'seismology-301',
] as const;
export type DagName = (typeof dagNames)[number];

const folder = new URL('../dags/', import.meta.url);

export async function loadDag(name: DagName): Promise<Dag> {
  return JSON.parse(await readFile(new URL(`${name}.json`, folder), 'utf8')) as Dag;
}

/** The DAG as a user would write it. `run` returns the script of a task. */
export function writeDagPipeline(name: DagName, dag: Dag, run: (task: DagTask) => string): object {
  const jobs = dag.tasks.map((task) => [
    task.id,
    { image: 'busybox', run: run(task), ...(task.parents.length > 0 ? { dependsOn: task.parents } : {}) },
  ]);
  return { kind: 'Pipeline', metadata: { name }, jobs: Object.fromEntries(jobs) as object };
}
