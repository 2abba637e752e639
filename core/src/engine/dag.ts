import type { ConditionMask } from '../pipeline/conditions.js';
import type { Pipeline } from '../pipeline/pipeline.js';

/** A job as the engine sees it. Its index in the list is the job's place in the pipeline. */
export interface DagNode {
  name: string;
  allowFailure: boolean;
  /** How many edges must be satisfied before it starts. */
  dependencyCount: number;
  /** Who waits for it, by index, and which of its endings satisfies them. In the order of the pipeline. */
  dependents: { index: number; mask: ConditionMask }[];
}

/** Turns the edges round: from "depends on" by name to "is waited for by" by index. Costs O(jobs + edges). */
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
