import { MistakeList, type Mistake, type Warn } from '../mistakes.js';
import type { Pipeline } from '../pipeline.js';
import { warnOfAllowedFailures } from './warn-of-allowed-failures.js';
import { warnOfMissingOutputs } from './warn-of-missing-outputs.js';

/**
 * What is allowed in a pipeline, but seldom meant. To add a warning, write a function that takes a valid pipeline, add
 * it here, and describe it in docs/pipelines.md. It must cost no more than the pipeline is large.
 */
const rules: readonly ((pipeline: Pipeline, warn: Warn) => void)[] = [warnOfAllowedFailures, warnOfMissingOutputs];

/**
 * The warnings about a valid pipeline: the first 100, and the number of the rest. They refuse nothing:
 * `POST /api/pipelines/validate` and `chainr validate` show them beside their answer that the pipeline is valid.
 */
export function findWarnings(pipeline: Pipeline): Mistake[] {
  const warnings = new MistakeList();
  for (const rule of rules) rule(pipeline, warnings.add.bind(warnings));
  return warnings.list();
}
