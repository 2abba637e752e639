import { z } from 'zod';

/** The names of chainr's own HTTP headers, in the case in which they are sent. */
export const headerNames = {
  /** On requests: repeating a key returns the run it made instead of making a second one. */
  idempotencyKey: 'Idempotency-Key',
  /** On requests and answers: one id for all services and their logs. */
  requestId: 'X-Request-Id',
  /** From gate to sched only: the caller that owns the idempotency keys. */
  caller: 'X-Chainr-Caller',
  /** On logs: the offset at which the next read goes on. */
  nextOffset: 'X-Chainr-Next-Offset',
  /** On logs: `true` if the log has its end mark and the answer reaches it. */
  logEnded: 'X-Chainr-Log-Ended',
  /** On logs: the attempt whose log it is. */
  attempt: 'X-Chainr-Attempt',
  /** On pages of events: the cursor after the page. */
  cursor: 'X-Chainr-Cursor',
} as const;

/** A key of idempotency, an external id, and the id of a caller: visible ASCII without spaces. */
export const visibleText = /^[\x21-\x7e]{1,255}$/;
export const idempotencyKeySchema = z.string().regex(visibleText);
