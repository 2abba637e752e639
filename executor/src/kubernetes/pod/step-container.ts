import type { ClusterValue } from '@chainr/core/pipeline/pipeline';
import type { StepSpec } from '@chainr/core/pipeline/steps';
import { chainrVariables } from '../../chainr-variables.js';
import type { AttemptSpec } from '../../port.js';
import { scriptWords } from '../../step-words.js';
import { containerName } from '../names.js';
import { secretKeys, type SecretHolder } from './secret-keys.js';
import type { ContainerJson, EnvVarJson, VolumeMountJson } from './pod-json.js';

/** Where all steps of an attempt find their workspace. */
export const workspacePath = '/shared';
export const workspaceVolume = 'chainr-workspace';

/** The kubelet reads this file when a container has ended, and puts it into the pod's status. */
export const messagePath = '/chainr/outputs';
/** Where a step whose failure is tolerated collects its outputs: its wrapper puts the exit code before them. */
const collectedPath = (index: number): string => `${workspacePath}/.chainr-outputs-${String(index)}`;
const scriptPath = (index: number): string => `${workspacePath}/.chainr-script-${String(index)}`;

/** The first line of the message of a step whose program does not exist. No valid output begins with `#`. */
export const noProgramMark = '#chainr: no program ';
/** The first line of the message of a tolerated step: its exit code follows. */
export const exitCodeMark = '#chainr: exit code ';

/** The shell that runs `run`. */
export const shell = '/bin/sh';

/** Beginning of the scripts below: the program must exist, or nothing of the step may seem to have run. */
const findProgram = `command -v "$1" >/dev/null 2>&1 || { printf '${noProgramMark}%s\\n' "$1" > ${messagePath}; exit 127; }`;

/**
 * A step whose failure does not end the attempt: init containers must exit with 0 for the next one to start. It runs the
 * program in the background, since a shell handles SIGTERM only while it does not wait for a program, and passes it on. What
 * the shell itself says of signals is not the step's output.
 */
const tolerate = (outputs: string): string => `
${findProgram}
: > ${outputs}
exec 2>/dev/null
stopped=; trap 'stopped=1; kill -TERM $child 2>/dev/null' TERM
"$@" 2>&1 & child=$!
wait $child; code=$?
while kill -0 $child 2>/dev/null; do wait $child; code=$?; done
{ printf '${exitCodeMark}%s\\n' $code; cat ${outputs}; } > ${messagePath}
[ -z "$stopped" ] || exit $code
exit 0`;

/** How the kubelet shall find the image; chainr's default is not to ask a registry for an image that is there. */
export const pullPolicies = { always: 'Always', ifNotPresent: 'IfNotPresent', never: 'Never' } as const;

/**
 * The container of a step. Both streams of a script go through one pipe, which keeps their order. The words of `command`
 * and `args` are left to the kubelet, which expands `$(NAME)`; a script is passed on unchanged.
 *
 * @param secret the name of the Secret of the attempt
 */
export function stepContainer(spec: AttemptSpec, index: number, secret: string): ContainerJson {
  const step = spec.steps[index];
  if (!step) throw new Error(`the attempt has no step ${String(index)}`);
  const isLast = index === spec.steps.length - 1;
  const isTolerated = step.continueOnError && !isLast;
  const outputs = isTolerated ? collectedPath(index) : messagePath;
  return {
    name: containerName(step.name),
    image: step.image,
    imagePullPolicy: pullPolicies[step.pull ?? 'ifNotPresent'],
    ...wordsOf(step, index, isTolerated),
    env: variablesOf(spec, step, outputs, secret),
    ...workdirOf(spec, step),
    ...resourcesOf(step),
    volumeMounts: [
      { name: workspaceVolume, mountPath: workspacePath },
      ...((spec.kubernetes?.volumeMounts ?? []) as unknown as VolumeMountJson[]),
    ],
    terminationMessagePath: messagePath,
    terminationMessagePolicy: 'File',
  };
}

function wordsOf(step: StepSpec, index: number, isTolerated: boolean): Pick<ContainerJson, 'command' | 'args'> {
  if (step.run === undefined) {
    const { command, args } = step;
    if (isTolerated && command) {
      return { command: [shell, '-c', escape(tolerate(collectedPath(index))), 'sh', ...command, ...(args ?? [])] };
    }
    return { ...(command && { command: [...command] }), ...(args && { args: [...args] }) };
  }
  const { words, script, inFile } = scriptWords(step.run, step.shell, scriptPath(index));
  const body = isTolerated ? tolerate(collectedPath(index)) : `${findProgram}\nexec "$@" 2>&1`;
  const start = inFile
    ? [`printf '%s' "$1" > ${scriptPath(index)} && shift || exit 126\n${body}`, 'sh', script]
    : [body, 'sh'];
  return { command: [shell, '-c', ...[...start, ...words].map(escape)] };
}

/** In Kubernetes `$$` stands for `$` in a command, its arguments and the values of variables. */
const escape = (text: string): string => text.replaceAll('$', '$$$$');

function variablesOf(spec: AttemptSpec, step: StepSpec, outputs: string, secret: string): EnvVarJson[] {
  const own = chainrVariables(spec, step.name, { workspace: workspacePath, output: outputs });
  return valuesOf(step, new Map([...Object.entries(step.env), ...own]), secret);
}

/**
 * Variables of a step or service: values that only the cluster has, secrets, and others.
 * @param secret the name of the Secret of the attempt
 */
export function valuesOf(
  container: SecretHolder & Pick<StepSpec, 'clusterEnv'>,
  values: Iterable<readonly [string, string]>,
  secret: string,
): EnvVarJson[] {
  const keys = secretKeys(container);
  return [
    ...Object.entries(container.clusterEnv ?? {}).map(([name, value]) => ({ name, valueFrom: sourceOf(value) })),
    ...[...values].map(([name, value]) => {
      const key = keys.get(name);
      return key === undefined
        ? { name, value: escape(value) }
        : { name, valueFrom: sourceOf({ kubernetesSecret: secret, key }) };
    }),
  ];
}

const sourceOf = (value: ClusterValue): NonNullable<EnvVarJson['valueFrom']> =>
  'configMap' in value
    ? { configMapKeyRef: { name: value.configMap, key: value.key } }
    : { secretKeyRef: { name: value.kubernetesSecret, key: value.key } };

/** Steps share the workspace and start in it. The container of a job without steps starts where its image says. */
function workdirOf({ steps }: AttemptSpec, { workdir, name }: StepSpec): Pick<ContainerJson, 'workingDir'> {
  if (workdir !== undefined) return { workingDir: workdir.startsWith('/') ? workdir : `${workspacePath}/${workdir}` };
  return steps.length > 1 || name !== 'main' ? { workingDir: workspacePath } : {};
}

export function resourcesOf({ resources = {} }: Pick<StepSpec, 'resources'>): Pick<ContainerJson, 'resources'> {
  const { limits, requests } = resources;
  if (!limits && !requests) return {};
  return { resources: { ...(limits && { limits: texts(limits) }), ...(requests && { requests: texts(requests) }) } };
}

const texts = (quantities: Readonly<Record<string, string | number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(quantities).map(([name, value]) => [name, String(value)]));
