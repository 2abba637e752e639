/** The largest body of a request, in bytes. */
export const maxBodyBytes = 8 * 1024 * 1024;

/** Up to this size a body is taken in before its request goes on: who sends slowly keeps nobody from a service. */
export const collectedBytes = 64 * 1024;

/** The longest request target (path and query), in bytes. */
export const maxTargetBytes = 8 * 1024;

/** How long a client that is over the limit may go on sending before its connection is cut. */
export const drainMs = 10_000;

/** How long a service may take from the end of a request to the first byte of its answer. */
export const answerDeadlineMs = 30_000;

/** What gate asks of one service at once. */
export const upstreamLimits = {
  /** Requests that the service works on at once; the others wait here. */
  requestsAtOnce: 64,
  /** Requests whose body is too large to be taken in before. */
  uploadsAtOnce: 16,
  /** Streams that are being opened at once; fewer than any backlog of a server. Any number may be open. */
  openingsAtOnce: 64,
  /** How long a request waits for its turn. */
  turnMs: 60_000,
  /** How long a connection is kept unused; shorter than the service keeps it (`core/src/service/http-server.ts`). */
  idleMs: 15_000,
};

export type UpstreamLimits = Readonly<typeof upstreamLimits>;

/** Against clients that send slowly to keep connections busy. */
export const serverLimits = {
  headersTimeout: 20_000,
  requestTimeout: 300_000,
  /** Longer than the 60 s for which load balancers usually keep a connection: who sends must close it first. */
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
} as const;

/**
 * Files that one connection of a client may need: itself, and both ends of that to a service, which may be in this
 * process. A quarter is left for all else that the process does.
 */
export const filesPerConnection = 4;
