import { pipelineLimits } from '../core/src/pipeline/limits.js';

/** What the schema of pipelines lacks: the default of each field, and the meaning of fields without a description. */
interface FieldNote {
  default?: string;
  doc?: string;
}

const atMost = (count: number): string => `at most ${count.toLocaleString('en-US')}.`;

const container: Readonly<Record<string, FieldNote>> = {
  title: { default: 'none' },
  image: { default: 'see above', doc: 'Container image. May contain references to outputs. The process executor ignores it.' },
  run: { default: 'see above' },
  shell: { default: 'the job’s' },
  command: { default: 'see above', doc: 'Program and its first arguments. Replaces the entrypoint of the image. `$(NAME)` is replaced by the variable, as in Kubernetes; `$$` is a `$`.' },
  args: { default: 'see above', doc: 'Arguments, appended to `command` or else to the entrypoint of the image. `$(NAME)` is replaced as in `command`. Do not use it for secrets: others on the machine can see the arguments of a process.' },
  env: {
    default: 'none',
    doc: 'Environment variables by name. A value is text, which may contain references to outputs, the name of a secret, or the place of a value of a Kubernetes cluster. Names that begin with `CHAINR_` are reserved.',
  },
  workdir: {
    default: 'the image’s, or the workspace',
    doc: 'Working directory, an absolute path. [executors.md](executors.md) lists the default of each executor.',
  },
  user: { default: 'the image’s' },
  resources: { default: 'none', doc: 'CPU, memory and other resources of the container.' },
  'resources.requests': { default: 'none', doc: 'Resources that the container needs: `cpu`, `memory`, `ephemeral-storage`, or a name such as `nvidia.com/gpu`; ' + atMost(pipelineLimits.resourceNames) },
  'resources.limits': { default: 'none', doc: 'Upper limits, by the same names.' },
}; // prettier-ignore

/** By the heading of the table and the path of the field. */
export const fieldNotes: Readonly<Record<string, Readonly<Record<string, FieldNote>>>> = {
  Pipeline: {
    kind: { doc: 'Marks the document as a pipeline.' },
    title: { default: 'none' },
    metadata: { default: 'none', doc: 'Name and labels.' },
    'metadata.name': {
      default: 'none',
      doc: 'Name of the pipeline: lower-case letters, digits, `-` and `.`, at most 253 characters; at most 63 between two dots.',
    },
    'metadata.labels': {
      default: 'none',
      doc:
        'Labels to find its runs by, in the syntax of Kubernetes: keys such as `team` or `example.com/team`, values of at most 63 letters, digits, `.`, `-` and `_`; ' +
        atMost(pipelineLimits.labels),
    },
    env: { default: 'none' },
    shell: { default: '`[/bin/sh, -e, -c]`' },
    pull: { default: '`ifNotPresent`' },
    timeout: { default: 'none' },
    priority: { default: '0' },
    pool: { default: 'the default pool' },
    maxParallel: { default: 'no limit' },
    kubernetes: { default: 'none' },
    jobs: {
      doc: 'Jobs by name. A name has 1 to 63 lower-case letters, digits and hyphens, and a letter or digit at both ends. At least one job.',
    },
  },
  Job: {
    ...container,
    shell: { default: 'the pipeline’s' },
    steps: { default: 'see above', doc: 'Steps run one after the other and share a workspace. They replace `run`, `command` and `args`. `image`, `workdir`, `user` and `resources` of the job apply to steps that do not set them.' }, // prettier-ignore
    dependsOn: {
      default: 'none: starts at once',
      doc:
        'Jobs that must end before this one starts. Dependencies of all jobs together: ' +
        atMost(pipelineLimits.dependencies),
    },
    allowFailure: {
      default: '`false`',
      doc: 'A failure of this job does not fail the run. Nothing else changes: a job that waits for its success is still skipped, see [Going on after a failure](#going-on-after-a-failure).',
    },
    pull: { default: 'the pipeline’s' },
    network: { default: 'the executor’s default' },
    timeout: { default: 'none' },
    pendingTimeout: { default: '`10m`' },
    retries: { default: 'none' },
    'retries.limit': { doc: 'Maximum number of retries after the first attempt.' },
    'retries.backoff': { default: 'see its fields' },
    'retries.backoff.initial': { default: '`1s`', doc: 'Wait before the first retry.' },
    'retries.backoff.factor': { default: '2', doc: 'Each further wait is this many times as long as the one before.' },
    'retries.backoff.max': { default: '`5m`, or `initial` if that is longer', doc: 'Longest wait.' },
    rerun: {
      default: 'reused if it succeeded or was skipped',
      doc: 'A rerun never reuses this job: it runs again, and all that depends on it, such as the set-up of what a later job takes down.',
    },
    priority: { default: 'the pipeline’s' },
    pool: { default: 'the pipeline’s' },
    services: { default: 'none' },
    kubernetes: { default: 'the pipeline’s' },
  },
  Service: {
    name: { doc: 'Same syntax as the name of a job; unique among the services and steps of the job. Shown in log lines; the steps reach the service by this name and as `localhost`.' },
    image: { doc: 'Container image. May contain references to outputs.' },
    env: { default: 'none', doc: 'Variables of the service, with the same kinds of values as those of a step. It gets no others: those of the job and of the pipeline are not meant for it.' },
    command: { default: 'the image’s', doc: 'Program and its first arguments, as in a step.' },
    args: { default: 'the image’s', doc: 'Arguments, as in a step.' },
    resources: container.resources ?? {},
    'resources.requests': container['resources.requests'] ?? {},
    'resources.limits': container['resources.limits'] ?? {},
    ready: { default: 'ready once its container runs', doc: 'When the service is ready: exactly one of `run`, `http` and `tcp`. The check is repeated until it succeeds; the first step starts when all services are ready.' },
    'ready.run': { default: 'none' },
    'ready.http': { default: 'none' },
    'ready.http.port': {},
    'ready.http.path': { default: '`/`', doc: 'Path, with a query if the service needs one.' },
    'ready.tcp': { default: 'none' },
    'ready.timeout': { default: '`60s`' },
  }, // prettier-ignore
  Step: {
    ...container,
    image: { default: 'the job’s', doc: 'Container image. May contain references to outputs.' },
    workdir: { default: 'the job’s', doc: 'Working directory, an absolute path.' },
    user: { default: 'the job’s' },
    resources: { default: 'the job’s', doc: 'Replaces the resources of the job; the two are not merged.' },
    name: { doc: 'Same syntax as the name of a job; unique within the job. Shown in log lines and in `$CHAINR_STEP`.' },
    continueOnError: { default: '`false`' },
  },
  Kubernetes: {
    namespace: { default: 'the worker’s' },
    serviceAccount: { default: 'the worker’s choice' },
    nodeSelector: { default: 'none' },
    tolerations: { default: 'none' },
    'tolerations[].key': { default: 'every taint', doc: 'Key of the taint. Absent only with `operator: Exists`.' },
    'tolerations[].operator': { default: '`Equal`', doc: 'How the values are compared; `Exists` compares none.' },
    'tolerations[].value': { default: 'empty', doc: 'Value of the taint.' },
    'tolerations[].effect': { default: 'every effect', doc: 'Effect of the taint.' },
    'tolerations[].tolerationSeconds': { default: 'for ever', doc: 'How long a taint with `NoExecute` is tolerated, in seconds.' },
    affinity: { default: 'none' },
    imagePullSecrets: { default: 'none' },
    labels: { default: 'none', doc: 'Labels of the pod, beside those of chainr: `chainr.dev/…` and `app.kubernetes.io/{name,managed-by}` are refused.' },
    annotations: { default: 'none', doc: 'Annotations of the pod. The same keys are refused.' },
    priorityClassName: { default: 'the cluster’s' },
    runtimeClassName: { default: 'the cluster’s' },
    volumes: { default: 'none' },
    'volumes[].name': { doc: 'Name of the volume; unique. The other fields are those of Kubernetes.' },
    volumeMounts: { default: 'none' },
    'volumeMounts[].name': { doc: 'Name of a volume. The other fields are those of Kubernetes.' },
    'volumeMounts[].mountPath': { doc: 'Path in the container.' },
    podPatch: { default: 'none' },
  }, // prettier-ignore
  Dependency: {
    job: { doc: 'Name of another job of the pipeline, listed at most once. Dependencies must not form a cycle.' },
    conditions: { default: '`{ success: true }`' },
    'conditions.success': {
      default: '`true` unless another condition is',
      doc: 'Accept a dependency that ended SUCCESSFUL.',
    },
    'conditions.failure': { default: '`false`', doc: 'Accept a dependency that ended FAILED.' },
    'conditions.skipped': { default: '`false`', doc: 'Accept a dependency that was SKIPPED.' },
  },
};

/** The meaning of the variables that `executor/src/chainr-variables.ts` sets for each step. */
export const variableNotes: Readonly<Record<string, string>> = {
  CHAINR_RUN: 'The `uid` of the run.',
  CHAINR_JOB: 'The name of the job.',
  CHAINR_ATTEMPT: 'The number of the attempt: 1 for the first, 2 for the first retry.',
  CHAINR_STEP: 'The name of the step; `main` in a job without steps.',
  CHAINR_PIPELINE: 'The `metadata.name` of the pipeline; empty if it has none.',
  CHAINR_WORKSPACE: 'Folder shared by the steps of an attempt. Empty at the start; removed after the attempt ends.',
  CHAINR_OUTPUT: 'File for the outputs of the job: see [Outputs and secrets](outputs-and-secrets.md).',
}; // prettier-ignore
