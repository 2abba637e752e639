import type { Client } from '@chainr/core/api/client/client';
import { topologicalOrder } from '@chainr/core/pipeline/graph';
import { checkPipeline } from '@chainr/core/pipeline/checks/check-pipeline';
import { compileDag } from '@chainr/core/engine/dag';
import { parsePipelineText } from '@chainr/core/pipeline/reading/parse-pipeline';

/** The level of each job: the length of the longest path to it; 0 if it depends on nothing. */
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
  const depths = nodes.map(() => 0);
  for (const at of topologicalOrder(nodes.map(({ dependents }) => dependents.map(({ index }) => index)))) {
    const [node, depth = 0] = [nodes[at], depths[at]];
    if (!node) continue;
    levels.set(node.name, depth);
    for (const { index } of node.dependents) depths[index] = Math.max(depths[index] ?? 0, depth + 1);
  }
  return levels;
}
