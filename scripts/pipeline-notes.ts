import { pipelineLimits } from '../core/src/pipeline/limits.js';

/** What the schema of pipelines does not say of a field: its default, and its meaning where it has no description there. */
interface FieldNote {
  default?: string;
  doc?: string;
}

const atMost = (count: number): string => `at most ${count.toLocaleString('en-US')}.`;

const container: Readonly<Record<string, FieldNote>> = {
  image: { default: 'see above', doc: 'The image of its container; may have references to outputs. The process executor ignores it.' },
  run: { default: 'see above' },
  command: { default: 'see above', doc: 'The program and its first arguments, in place of the entrypoint of the image.' },
  args: { default: 'see above', doc: 'Arguments: behind `command`, or behind the entrypoint of the image.' },
  env: {
    default: 'none',
    doc: 'Variables by name: a text, which may have references to outputs, or a secret by its name. Names that begin with `CHAINR_` are chainr’s own.',
  },
  workdir: {
    default: 'the image’s, or the workspace',
    doc: 'An absolute path, where it begins; [executors.md](executors.md) has the default of each executor.',
  },
  user: { default: 'the image’s' },
  resources: { default: 'none', doc: 'What its container needs, and what it gets at most.' },
  'resources.requests': { default: 'none', doc: 'What it needs: `cpu`, `memory`, `ephemeral-storage`, or a name such as `nvidia.com/gpu`, ' + atMost(pipelineLimits.resourceNames) },
  'resources.limits': { default: 'none', doc: 'What it gets at most, by the same names.' },
}; // prettier-ignore

/** By the heading of the table and the path of the field. */
export const fieldNotes: Readonly<Record<string, Readonly<Record<string, FieldNote>>>> = {
  Pipeline: {
    kind: { doc: 'Says that it is a pipeline.' },
    metadata: { default: 'none', doc: 'What it is called and marked with.' },
    'metadata.name': {
      default: 'none',
      doc: 'Its name: lower-case letters, digits, `-` and `.`, at most 253 characters; at most 63 between two dots.',
    },
    'metadata.labels': {
      default: 'none',
      doc:
        'Marks to find its runs by, as Kubernetes writes them: keys such as `team` or `example.com/team`, values of at most 63 letters, digits, `.`, `-` and `_`; ' +
        atMost(pipelineLimits.labels),
    },
    env: { default: 'none' },
    pull: { default: '`ifNotPresent`' },
    timeout: { default: 'none' },
    priority: { default: '0' },
    maxParallel: { default: 'no limit' },
    jobs: {
      doc: 'The jobs by name: 1 to 63 lower-case letters, digits and hyphens, a letter or digit at both ends. At least one.',
    },
  },
  Job: {
    ...container,
    steps: { default: 'see above', doc: 'Run one after the other and share a workspace, in place of `run`, `command` and `args`. `image`, `workdir`, `user` and `resources` of the job hold for steps that name none.' }, // prettier-ignore
    dependsOn: {
      default: 'none: it begins at once',
      doc:
        'The jobs that must have ended before it begins; in all jobs together ' + atMost(pipelineLimits.dependencies),
    },
    allowFailure: {
      default: '`false`',
      doc: 'Its failure does not fail the run. It changes nothing else: a job that waits for its success is skipped all the same, see [Going on after a failure](#going-on-after-a-failure).',
    },
    pull: { default: 'that of the pipeline' },
    network: { default: 'the executor’s own' },
    timeout: { default: 'none' },
    pendingTimeout: { default: '`10m`' },
    retries: { default: 'none' },
    'retries.limit': { doc: 'How many attempts may follow the first.' },
    'retries.backoff': { default: 'as its fields say' },
    'retries.backoff.initial': { default: '`1s`', doc: 'The wait before the first retry.' },
    'retries.backoff.factor': { default: '2', doc: 'Each later wait is so many times as long as the one before.' },
    'retries.backoff.max': { default: '`5m`, or `initial` where that is longer', doc: 'The longest wait.' },
    priority: { default: 'that of the pipeline' },
  },
  Step: {
    ...container,
    image: { default: 'that of the job', doc: 'The image of its container; may have references to outputs.' },
    workdir: { default: 'that of the job', doc: 'An absolute path, where it begins.' },
    user: { default: 'that of the job' },
    resources: { default: 'those of the job', doc: 'In place of those of the job, which are not mixed with them.' },
    name: { doc: 'As of a job; each name once in a job. Lines of the log and `$CHAINR_STEP` have it.' },
    continueOnError: { default: '`false`' },
  },
  Dependency: {
    job: { doc: 'The name of another job of the pipeline; each once. No job may wait for itself, in a circle.' },
    conditions: { default: '`{ success: true }`' },
    'conditions.success': { default: '`true` where no other is', doc: 'It may have ended SUCCESSFUL.' },
    'conditions.failure': { default: '`false`', doc: 'It may have ended FAILED.' },
    'conditions.skipped': { default: '`false`', doc: 'It may have been SKIPPED.' },
  },
};

/** What the variables that each step finds in its environment are; `executor/src/chainr-variables.ts` sets them. */
export const variableNotes: Readonly<Record<string, string>> = {
  CHAINR_RUN: 'The `uid` of the run.',
  CHAINR_JOB: 'The name of the job.',
  CHAINR_ATTEMPT: 'Which start of the job it is: 1 for the first, 2 for the one after it.',
  CHAINR_STEP: 'The name of the step; `main` in a job without steps.',
  CHAINR_PIPELINE: 'The `metadata.name` of the pipeline; empty where it has none.',
  CHAINR_WORKSPACE: 'A folder that the steps of an attempt share, empty at first; it is removed after the end of the attempt.',
  CHAINR_OUTPUT: 'A file for what the job hands to others: [Outputs and secrets](outputs-and-secrets.md).',
}; // prettier-ignore
