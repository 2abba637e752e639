import type { StepSpec } from '@chainr/core/pipeline/steps';
import { expandedCommand } from './step-words.js';

/** Linux: MAX_ARG_STRLEN, the longest argument or variable (with its name and the final NUL); execve(2). */
const maxStringBytes = 128 * 1024;
/** All arguments and variables together. Linux allows 2 MiB by default, and pointers take some of that. */
const maxTotalBytes = 1_500_000;

/** What is started in a container. */
type ContainerWords = Pick<StepSpec, 'run' | 'shell' | 'command' | 'args' | 'workdir'>;

/** A sentence if the step can certainly not be started, before anything is tried, where there is no cluster. */
export const refuseStep = (step: StepSpec, environment: ReadonlyMap<string, string>): string | undefined =>
  refuseClusterValues(step, `step "${step.name}"`) ?? refuseContainer(step, `step "${step.name}"`, environment);

/** A sentence if a step or service has values of a cluster; for executors that have none. */
export function refuseClusterValues(
  { clusterEnv = {} }: Pick<StepSpec, 'clusterEnv'>,
  what: string,
): string | undefined {
  const [variable] = Object.keys(clusterEnv);
  return variable === undefined
    ? undefined
    : `The variable ${variable} of ${what} is a value of a Kubernetes cluster, which only a worker with the kubernetes executor can give: use a pool of such workers, or write { secret: NAME }.`;
}

/**
 * A sentence if a step or service can certainly not be started, before anything is tried.
 *
 * @param what `step "test"`, for the sentence
 */
export function refuseContainer(
  container: ContainerWords,
  what: string,
  environment: ReadonlyMap<string, string>,
): string | undefined {
  const { command = [], args = [] } = expandedCommand(container, environment);
  const words = container.run === undefined ? [...command, ...args] : [...(container.shell ?? []), container.run];
  if (words[0] === '' && container.command?.length) return `The command of ${what} is empty.`;
  const variables = [...environment].map(([name, value]) => `${name}=${value}`);
  for (const [name] of environment) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `${capital(what)} has a variable with the bad name "${name}".`;
  }
  let total = 0;
  for (const text of [...words, ...variables, container.workdir ?? '']) {
    if (text.includes('\0')) return `${capital(what)} has a NUL character in its command, env or workdir.`;
    const bytes = Buffer.byteLength(text) + 1;
    if (bytes > maxStringBytes) {
      return `${capital(what)} has a text of ${bytes} bytes in its command or env; the system allows ${maxStringBytes}.`;
    }
    total += bytes;
  }
  if (total > maxTotalBytes) {
    return `The command and env of ${what} have ${total} bytes together; the limit is ${maxTotalBytes}.`;
  }
  return undefined;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
