import type { Client } from '@chainr/core/api/client/client';
import { checkPipeline } from '@chainr/core/pipeline/checks/check-pipeline';
import { compileDag } from '@chainr/core/engine/dag';
import { parsePipelineText } from '@chainr/core/pipeline/reading/parse-pipeline';

/** How many jobs come before each one on the longest way to it: 0 for those that depend on nothing. */
export type Levels = ReadonlyMap<string, number>;

/**
 * The levels of the jobs of a run, from its pipeline. Empty where this version does not understand
 * the pipeline, which a newer server may have taken: the jobs are shown without levels then.
 */
export async function readLevels(client: Client, uid: string): Promise<Levels> {
  const { text, contentType } = await client.getPipeline(uid);
  const checked = checkPipeline(parsePipelineText(text, contentType));
  const levels = new Map<string, number>();
  if (!('pipeline' in checked)) return levels;
  const nodes = compileDag(checked.pipeline);
  const missing = nodes.map(({ dependencyCount }) => dependencyCount);
  const depths = nodes.map(() => 0);
  const settled = nodes.flatMap(({ dependencyCount }, index) => (dependencyCount === 0 ? [index] : []));
  // The list grows as it is walked: each job comes after all that it depends on.
  for (const at of settled) {
    const [node, depth = 0] = [nodes[at], depths[at]];
    if (!node) continue;
    levels.set(node.name, depth);
    for (const { index } of node.dependents) {
      depths[index] = Math.max(depths[index] ?? 0, depth + 1);
      const left = (missing[index] ?? 0) - 1;
      missing[index] = left;
      if (left === 0) settled.push(index);
    }
  }
  return levels;
}
