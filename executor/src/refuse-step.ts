import type { StepSpec } from '@chainr/core/pipeline/steps';
import { expandedCommand } from './step-words.js';

/** Linux: MAX_ARG_STRLEN, the longest argument or variable (with its name and the final NUL); execve(2). */
const maxStringBytes = 128 * 1024;
/** All arguments and variables together. Linux allows 2 MiB by default, and pointers take some of that. */
const maxTotalBytes = 1_500_000;

/** A sentence if the step can certainly not be started, before anything is tried. Not for the executor of Kubernetes. */
export function refuseStep(step: StepSpec, environment: ReadonlyMap<string, string>): string | undefined {
  const [variable] = Object.keys(step.clusterEnv ?? {});
  if (variable !== undefined) {
    return `The variable ${variable} of step "${step.name}" is a value of a Kubernetes cluster, which only a worker with the kubernetes executor can give: use a pool of such workers, or write { secret: NAME }.`;
  }
  const { command = [], args = [] } = expandedCommand(step, environment);
  const words = step.run === undefined ? [...command, ...args] : [...(step.shell ?? []), step.run];
  if (words[0] === '' && step.command?.length) return `The command of step "${step.name}" is empty.`;
  const variables = [...environment].map(([name, value]) => `${name}=${value}`);
  for (const [name] of environment) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      return `Step "${step.name}" has a variable with the bad name "${name}".`;
  }
  let total = 0;
  for (const text of [...words, ...variables, step.workdir ?? '']) {
    if (text.includes('\0')) return `Step "${step.name}" has a NUL character in its command, env or workdir.`;
    const bytes = Buffer.byteLength(text) + 1;
    if (bytes > maxStringBytes) {
      return `Step "${step.name}" has a text of ${bytes} bytes in its command or env; the system allows ${maxStringBytes}.`;
    }
    total += bytes;
  }
  if (total > maxTotalBytes) {
    return `The command and env of step "${step.name}" have ${total} bytes together; the limit is ${maxTotalBytes}.`;
  }
  return undefined;
}
