import { checkPipeline } from '../pipeline/checks/check-pipeline.js';
import { findWarnings } from '../pipeline/checks/find-warnings.js';
import { findDemands, type Demand } from '../pipeline/demands.js';
import { countMistakes, firstOf, type Mistake } from '../pipeline/mistakes.js';
import { parsePipelineText } from '../pipeline/reading/parse-pipeline.js';
import { PipelineSyntaxError } from '../pipeline/reading/syntax-error.js';
import { packPipeline, type PackedPipeline } from '../store/runs/pack-pipeline.js';

/** A pipeline as it was sent. */
export interface PipelineText {
  text: string;
  contentType: string;
  /** Whether to look for warnings. */
  warn: boolean;
}

export type Preparation =
  | { kind: 'ready'; pipeline: PackedPipeline; warnings: Mistake[]; demands: Demand[] }
  /** With one sentence about everything, and every place. */
  | { kind: 'refused'; message: string; mistakes: Mistake[] };

/** Who reads pipelines for a use case: with `preparePipeline`, here or in a thread. */
export interface PipelineReading {
  read(sent: PipelineText): Promise<Preparation>;
}

/** Reads, checks and packs a pipeline. A pure function, so that another thread can run it. */
export function preparePipeline({ text, contentType, warn }: PipelineText): Preparation {
  const checked = check(text, contentType);
  if ('message' in checked) return { kind: 'refused', ...checked };
  const { pipeline } = checked;
  return {
    kind: 'ready',
    pipeline: packPipeline(pipeline),
    warnings: warn ? findWarnings(pipeline) : [],
    demands: findDemands(pipeline),
  };
}

function check(text: string, contentType: string) {
  try {
    const checked = checkPipeline(parsePipelineText(text, contentType));
    if ('pipeline' in checked) return checked;
    return { message: describeMistakes(checked.mistakes), mistakes: checked.mistakes };
  } catch (error) {
    if (!(error instanceof PipelineSyntaxError)) throw error;
    return { message: error.message, mistakes: [{ path: '', message: error.message }] };
  }
}

/** One sentence about all of them. */
export function describeMistakes(mistakes: readonly Mistake[]): string {
  const total = countMistakes(mistakes);
  const count = total === 1 ? 'one mistake' : `${String(total)} mistakes`;
  return `The pipeline has ${count}${firstOf(mistakes)}`;
}
