import type { RunUid } from '../engine/records.js';
import type { PackedPipeline } from '../store/runs/pack-pipeline.js';
import type { Source } from '../store/runs/source.js';
import type { Store } from '../store/store.js';
import type { PipelineReading } from './prepare-pipeline.js';
import { firstOf } from '../pipeline/mistakes.js';
import { noRun, type Refusal } from './refusal.js';

/** `pipeline-outdated`: this version would not accept it any more. */
export type StoredPipeline =
  { kind: 'read'; pipeline: PackedPipeline; source: Source } | Refusal<'no-run' | 'pipeline-outdated'>;

/** The pipeline of a run, as text and as it is understood. */
export async function readStoredPipeline(
  { store, pipelines }: { store: Pick<Store, 'runs'>; pipelines: PipelineReading },
  uid: RunUid,
): Promise<StoredPipeline> {
  const source = await store.runs.getSource(uid);
  if (!source) return noRun(uid);
  const read = await pipelines.read({ ...source, warn: false });
  if (read.kind === 'ready') return { kind: 'read', pipeline: read.pipeline, source };
  const { mistakes } = read;
  const message = `This version of chainr no longer accepts the pipeline of the run${firstOf(mistakes)}`;
  return { kind: 'pipeline-outdated', message, mistakes };
}
