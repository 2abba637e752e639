/** The largest body of a request, in bytes. */
export const maxBodyBytes = 8 * 1024 * 1024;

/** A smaller body is read completely before the request is passed on, so that a slow sender occupies no service. */
export const collectedBytes = 64 * 1024;

/** The longest request target (path and query), in bytes. */
export const maxTargetBytes = 8 * 1024;

/** How long a client over the limit may go on sending before its connection is cut. */
export const drainMs = 10_000;

/** How many requests gate sends to one service at once. */
export const upstreamLimits = {
  /** Requests that the service works on at once; others wait here. */
  requestsAtOnce: 64,
  /** Requests with a body that is too large to be read first. */
  uploadsAtOnce: 16,
  /** Streams that are being opened at once; fewer than any server's backlog. Any number may be open. */
  openingsAtOnce: 64,
  /** How long a request waits for its turn. */
  turnMs: 60_000,
  /** How long an idle connection is kept; shorter than the service keeps it (`core/src/service/http-server.ts`). */
  idleMs: 15_000,
};

export type UpstreamLimits = Readonly<typeof upstreamLimits>;

/** Limits against clients that send slowly to keep connections busy. */
export const serverLimits = {
  headersTimeout: 20_000,
  requestTimeout: 300_000,
  /** Longer than the 60 s for which load balancers usually keep a connection: the sender must close it first. */
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
} as const;

/**
 * Files that one client connection may need: itself, and both ends of a connection to a service, which may be in this
 * process. A quarter is left for everything else.
 */
export const filesPerConnection = 4;
