/** Errors of ioredis, of a socket and of our own time limits: the connection did not carry a command, or not in time. */
const broken =
  /Connection is (closed|aborted|discarded)|Command timed out|Command aborted due to connection close|Stream isn't writeable|max retries|ECONN|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|no answer for|did not answer in time|Unknown RESP type/;

/**
 * Prefixes of replies of a server that cannot serve the command now, and later can: https://redis.io/docs/latest/develop/reference/errors/.
 * It did not run the command, or says with UNBLOCKED that it gave it up.
 */
const refused = /^(LOADING|BUSY|MASTERDOWN|READONLY|MOVED|ASK|TRYAGAIN|CLUSTERDOWN|NOREPLICAS|MISCONF|UNBLOCKED) /;

/** Whether an error of a command means that Redis is away: the same command can succeed later. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'ReplyError' ? refused.test(error.message) : broken.test(error.message);
}

/** Whether an error of a command means that Redis has reached `maxmemory`. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && /^OOM |OOM command not allowed/.test(error.message);
}
