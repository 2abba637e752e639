/** The largest body of a request, in bytes. */
export const maxBodyBytes = 8 * 1024 * 1024;

/** The longest request target (path and query), in bytes. */
export const maxTargetBytes = 8 * 1024;

/** How long a client that is over the limit may go on sending before its connection is cut. */
export const drainMs = 10_000;

/** How long a service may take from the end of a request to the first byte of its answer. */
export const answerDeadlineMs = 30_000;

/** Against clients that send slowly to keep connections busy. */
export const serverLimits = {
  headersTimeout: 20_000,
  requestTimeout: 300_000,
  keepAliveTimeout: 15_000,
  maxHeaderSize: 16 * 1024,
} as const;
