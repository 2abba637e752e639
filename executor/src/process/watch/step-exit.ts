import { join } from 'node:path';
import { stepFile } from '../attempt-folder.js';
import { readIfThere } from '../small-files.js';

/** The record of a step's end. */
export interface StepExit {
  code: number;
  /** Whether all output of the step is on disk. Until then somebody still has it open. */
  whole: boolean;
}

export function readStepExit(path: string, index: number): StepExit | undefined {
  const [, open, code] = /^(= )?(\d+)\n/.exec(readIfThere(join(path, stepFile(index, 'exit'))) ?? '') ?? [];
  return code === undefined ? undefined : { code: Number(code), whole: open === undefined };
}
