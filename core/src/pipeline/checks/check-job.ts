import { interpreterOf } from '../interpreter.js';
import type { MistakeList, Path } from '../mistakes.js';
import { isPlainMap, type PlainMap } from '../plain-values.js';
import { jobSchema, type JobInput } from '../schema/job-schema.js';
import { checkContainerSize, checkEnv } from './check-container.js';
import { checkKubernetes } from './check-kubernetes.js';
import { checkServices } from './check-services.js';
import { addIssues, describeIssue } from './describe-issue.js';

/**
 * Checks one job as it was read; returns it typed if its schema accepts it. Rules across fields are not part of the
 * schema, since zod would skip them until everything else is right. `envBytes` is the size of the pipeline's own
 * variables.
 */
export function checkJob(fields: unknown, path: Path, envBytes: number, mistakes: MistakeList): JobInput | undefined {
  const result = jobSchema.safeParse(fields, { error: describeIssue });
  if (!result.success) addIssues(result.error.issues, path, mistakes);
  if (!isPlainMap(fields)) return undefined;

  const { steps } = fields;
  checkWhatRuns(fields, ['run', 'command', 'steps'], path, mistakes);
  if (!Array.isArray(steps)) checkScript(fields, path, mistakes);
  const ownBytes = envBytes + checkEnv(fields.env, [...path, 'env'], mistakes);
  if (Array.isArray(steps)) checkSteps(steps, fields, [...path, 'steps'], ownBytes, mistakes);
  else {
    if (!has(fields, 'image')) mistakes.add([...path, 'image'], 'is missing, it must be the name of an image');
    checkContainerSize(fields, path, ownBytes, mistakes);
  }
  checkServices(fields.services, steps, [...path, 'services'], mistakes);
  checkKubernetes(fields.kubernetes, [...path, 'kubernetes'], mistakes);
  return result.success ? result.data : undefined;
}

function checkSteps(steps: unknown[], job: PlainMap, path: Path, envBytes: number, mistakes: MistakeList): void {
  const names = new Set<unknown>();
  for (const [index, step] of steps.entries()) {
    if (!isPlainMap(step)) continue;
    const own: Path = [...path, index];
    checkWhatRuns(step, ['run', 'command'], own, mistakes);
    checkScript(step, own, mistakes);
    if (!has(step, 'image') && !has(job, 'image')) {
      mistakes.add([...own, 'image'], 'is missing; name an image here, or on the job for all its steps');
    }
    if (step.continueOnError === true && !has(step, 'run')) {
      mistakes.add([...own, 'continueOnError'], 'requires "run": a step with "command" cannot continue after an error');
    }
    if (names.has(step.name)) mistakes.add([...own, 'name'], 'another step of the job has the same name');
    if (typeof step.name === 'string') names.add(step.name);
    checkContainerSize(step, own, envBytes + checkEnv(step.env, [...own, 'env'], mistakes), mistakes);
  }
}

/** `command` stands for both `command` and `args`. */
function checkWhatRuns(
  fields: PlainMap,
  ways: readonly ('run' | 'command' | 'steps')[],
  path: Path,
  mistakes: MistakeList,
): void {
  const written = ways.filter((way) => has(fields, way) || (way === 'command' && has(fields, 'args')));
  if (written.length === 1) return;
  const name = (way: string): string => (way === 'command' ? 'command/args' : way);
  const problem = written.length === 0 ? 'has none' : `has ${written.map(name).join(' and ')}`;
  mistakes.add(path, `must have exactly one of ${ways.map(name).join(', ')}, but ${problem}`);
}

function checkScript({ run, shell }: PlainMap, path: Path, mistakes: MistakeList): void {
  if (shell !== undefined && run === undefined) {
    mistakes.add([...path, 'shell'], 'requires "run": "command" is executed without a shell');
  }
  const [program] = (typeof run === 'string' ? interpreterOf(run) : undefined) ?? ['/'];
  if (!program?.startsWith('/')) {
    mistakes.add(
      [...path, 'run'],
      'begins with "#!" without the path of a program; write it such as #!/usr/bin/env python3',
    );
  }
}

const has = (fields: PlainMap, field: string): boolean => Object.hasOwn(fields, field);
