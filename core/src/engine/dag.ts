import type { ConditionMask } from '../pipeline/conditions.js';
import type { Pipeline } from '../pipeline/pipeline.js';

/** A job as the engine sees it. Its index in the list is its place in the pipeline. */
export interface DagNode {
  name: string;
  allowFailure: boolean;
  /** The number of edges that must be satisfied before it starts. */
  dependencyCount: number;
  /** The jobs that depend on it, by index and in the order of the pipeline, with the endings that satisfy each. */
  dependents: { index: number; mask: ConditionMask }[];
}

/** Reverses the edges: from "depends on" by name to "dependents" by index. Costs O(jobs + edges). */
export function compileDag(pipeline: Pick<Pipeline, 'jobs'>): DagNode[] {
  const nodes = pipeline.jobs.map((job): DagNode => ({
    name: job.name,
    allowFailure: job.allowFailure,
    dependencyCount: job.dependsOn.length,
    dependents: [],
  }));
  const byName = new Map(nodes.map((node) => [node.name, node]));
  pipeline.jobs.forEach((job, index) => {
    for (const { job: name, mask } of job.dependsOn) {
      const dependency = byName.get(name);
      if (!dependency)
        throw new Error(`job ${job.name} depends on ${name}, which does not exist: the pipeline was not checked`);
      dependency.dependents.push({ index, mask });
    }
  });
  return nodes;
}
