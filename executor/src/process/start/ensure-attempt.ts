import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StepSpec } from '@chainr/core/pipeline/steps';
import type { AttemptSpec, RecordStart, WriteGuard } from '../../port.js';
import { stepEnvironment } from './attempt-environment.js';
import { attemptFiles, attemptFolder } from '../attempt-folder.js';
import type { ProcessContext } from '../context.js';
import { createExclusively } from '../small-files.js';
import { writeTombstone } from '../watch/look-at-attempt.js';
import { makeAttemptFolder } from './make-attempt-folder.js';
import { refuseServices } from '../../refuse-services.js';
import { refuseStep } from '../../refuse-step.js';
import { scriptWords } from '../../step-words.js';
import { writeStepScript } from './write-step-script.js';

/**
 * Requests a supervisor unless the attempt's name is taken. Several may be requested: the first to create `started`
 * supervises (see Started once). Each request has its own set of scripts, so that no script is written while it is
 * read. File calls are synchronous: each takes some 20 µs, and a turn through the thread pool takes longer.
 */
export async function ensureAttempt(
  context: ProcessContext,
  spec: AttemptSpec,
  guard: WriteGuard,
  recordStart: RecordStart | undefined,
): Promise<void> {
  const folder = attemptFolder(spec);
  const path = join(context.attempts, folder);
  const { begun, starts = 0 } = spec;
  if (begun || existsSync(join(path, attemptFiles.started))) return;
  // Somebody removed its folder (see Started once).
  if ((starts > 0 || context.pendingStarts.has(folder)) && !existsSync(path)) return;

  guard();
  makeAttemptFolder(context, spec, path);
  guard();
  mkdirSync(join(path, attemptFiles.temporary), { recursive: true });

  const environments = spec.steps.map((step, index) => stepEnvironment(spec, step, index, path));
  for (const [index, environment] of environments.entries()) {
    const step = spec.steps[index];
    const message = step && (refuseServices(spec) ?? refuseWithoutCommand(step) ?? refuseStep(step, environment));
    if (message === undefined) continue;
    guard();
    createExclusively(join(path, attemptFiles.started), writeTombstone({ why: 'refused', message }));
    return;
  }

  const plan = context.nextPlan();
  for (const [index, step] of spec.steps.entries()) {
    const environment = environments[index] ?? new Map<string, string>();
    const file = `${plan}.${index}.script`;
    const run = step.run === undefined ? undefined : scriptWords(step.run, step.shell, join(path, file));
    const script = writeStepScript({
      step,
      scriptWords: run?.words,
      index,
      path,
      environment,
      base: context.base,
      envProgram: context.envProgram,
    });
    guard();
    if (run?.inFile) writeFileSync(join(path, file), run.script, { mode: 0o600 });
    writeFileSync(join(path, `${plan}.${index}.sh`), script, { mode: 0o600 });
  }
  const request = { folder, plan, tolerated: spec.steps.map((step) => step.continueOnError) };
  context.reach('after-create');
  if (starts === 0) await recordStart?.(spec.steps.length);
  guard();
  context.launcher.send(request);
  context.pendingStarts.set(folder, { request, guard, sentAt: performance.now() });
  context.reach('after-start');
}

function refuseWithoutCommand({ name, run, command }: StepSpec): string | undefined {
  if (run !== undefined || command?.length) return undefined;
  return `Step "${name}" names neither run nor command; without a container there is no image to take one from.`;
}
