/** The limits of a pipeline. A larger one is refused with the limit named, never cut. */
export const pipelineLimits = {
  /** The body of a request. */
  bodyBytes: 8 * 1024 * 1024,
  jobs: 10_000,
  stepsPerJob: 100,
  servicesPerJob: 8,
  /** `kubernetes` of a pipeline or job, as JSON: what Kubernetes allows for the annotations of an object. */
  kubernetesBytes: 256 * 1024,
  /** The dependencies of all jobs together; each one is work for Redis. */
  dependencies: 100_000,
  /**
   * One argument or one `NAME=value` of a process. Linux allows 128 KiB (MAX_ARG_STRLEN) with the closing zero byte,
   * and a script is one argument of its shell.
   */
  argumentBytes: 128 * 1024 - 1,
  /** All arguments and variables of one container; half of what Linux allows with its usual stack limit. */
  containerBytes: 1024 * 1024,
  commandWords: 1_000,
  shellWords: 20,
  /** One `env`: of the pipeline, a job, a step or a service. */
  variables: 10_000,
  titleLength: 200,
  imageLength: 1_024,
  workdirLength: 4_095,
  /** The path that a service is asked for. */
  pathLength: 2_048,
  labels: 64,
  resourceNames: 32,
  /** Every other list or map of a pipeline. */
  entries: 100,
  retries: 100,
  /** Different pools of one pipeline; each has a queue of its own. */
  pools: 32,
  /** The nesting of lists and maps in a document; a pipeline needs 8. */
  depth: 32,
  /** A document with its aliases expanded: its characters, and 8 for each value. */
  expandedSize: 16 * 1024 * 1024,
  /** The values of a document, expanded aliases included; a plain job has 3. */
  values: 1_000_000,
  /** Characters of the images that steps inherit from their jobs, since each step is stored with its own copy. */
  inheritedImages: 16 * 1024 * 1024,
  /** Tokens of a YAML document, spaces and line ends included; a plain job has about 30. */
  yamlTokens: 1_000_000,
} as const;

/** Limits of what steps may write to their `CHAINR_OUTPUT` file: bytes, newlines included. More fails the job. */
export const outputLimits = {
  /** Kubernetes passes on at most 4,096 bytes of a container's termination message. */
  stepBytes: 3 * 1024,
  jobBytes: 8 * 1024,
} as const;

/** How long a reader waits for the last lines of an attempt that has ended. */
export const lastLinesMs = 3_000;
