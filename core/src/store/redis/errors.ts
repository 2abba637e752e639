/** Redis is away, or does not answer in time. What was asked may or may not have been done (see Rollback). */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable';
}

/** Redis has no memory left; nothing was written (see Full store). */
export class StoreFull extends Error {
  override name = 'StoreFull';
}

/** The Redis server, or the state in it, cannot be used; the message says the mend. */
export class StoreUnfit extends Error {
  override name = 'StoreUnfit';
}

/** A log went, with its run or by its own retention, while somebody read it. */
export class LogRemoved extends Error {
  override name = 'LogRemoved';
}
