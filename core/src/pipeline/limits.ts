/** What a pipeline may be at most. Refused with the limit named, never cut. */
export const pipelineLimits = {
  /** Of a request's body. */
  bodyBytes: 8 * 1024 * 1024,
  jobs: 10_000,
  stepsPerJob: 100,
  /** Of all jobs together; every one of them is work for the scripts in Redis. */
  dependencies: 100_000,
  /**
   * Of one argument or one `NAME=value` of a process. Linux takes 128 KiB (MAX_ARG_STRLEN) with the
   * closing zero byte, and a script is one argument of `/bin/sh -c`.
   */
  argumentBytes: 128 * 1024 - 1,
  /** Of all arguments and variables of one container; half of what Linux takes with its usual stack limit. */
  containerBytes: 1024 * 1024,
  commandWords: 1_000,
  /** Of one `env`: of the pipeline, a job or a step. */
  variables: 10_000,
  imageLength: 1_024,
  workdirLength: 4_095,
  labels: 64,
  resourceNames: 32,
  /** Of every other list or map: none that a pipeline has is longer. */
  entries: 100,
  retries: 100,
  /** How deep lists and maps of a document may be nested; a pipeline needs 8. */
  depth: 32,
  /** Of a document whose aliases are expanded: its characters, and 8 for each value. */
  expandedSize: 16 * 1024 * 1024,
  /** Values of a document, those of expanded aliases included; a plain job has 3. */
  values: 1_000_000,
  /** Characters of the images that steps take over from their jobs, since each step is stored with its own. */
  inheritedImages: 16 * 1024 * 1024,
  /** Tokens of a YAML document, spaces and line ends included; a plain job has some 30. */
  yamlTokens: 1_000_000,
} as const;

/** What steps may write to the file that `CHAINR_OUTPUT` names: bytes, newlines included. More fails the job. */
export const outputLimits = {
  /** Kubernetes hands over at most 4,096 bytes of a container's termination message. */
  stepBytes: 3 * 1024,
  jobBytes: 8 * 1024,
} as const;

/** How long a reader waits for the last lines of an attempt that has ended. */
export const lastLinesMs = 3_000;
