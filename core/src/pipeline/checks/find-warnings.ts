import { MistakeList, type Mistake, type Warn } from '../mistakes.js';
import type { Pipeline } from '../pipeline.js';
import { warnOfAllowedFailures } from './warn-of-allowed-failures.js';
import { warnOfMissingOutputs } from './warn-of-missing-outputs.js';

/**
 * What a pipeline may have but seldom should. To add a warning, write a function that takes a valid pipeline, add it
 * here, and describe it in docs/pipelines.md. It must be linear in the size of the pipeline.
 */
const rules: readonly ((pipeline: Pipeline, warn: Warn) => void)[] = [warnOfAllowedFailures, warnOfMissingOutputs];

/**
 * The warnings about a valid pipeline: the first 100, and the number of the rest. They refuse nothing; `POST
 * /api/pipelines/validate` and `chainr validate` show them.
 */
export function findWarnings(pipeline: Pipeline): Mistake[] {
  const warnings = new MistakeList();
  for (const rule of rules) rule(pipeline, warnings.add.bind(warnings));
  return warnings.list();
}
