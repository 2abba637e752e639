/** Redis is away, or does not answer in time. The request may or may not have been carried out (see Rollback). */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable';
}

/** Redis has no memory left; nothing was written (see Full store). */
export class StoreFull extends Error {
  override name = 'StoreFull';
}

/** The Redis server, or the state in it, cannot be used. The message says how to fix that. */
export class StoreUnfit extends Error {
  override name = 'StoreUnfit';
}

/** A log was removed, with its run or by its own retention, while it was being read. */
export class LogRemoved extends Error {
  override name = 'LogRemoved';
}

/** A log is in the archive, which cannot be read. The message says why. */
export class ArchiveUnavailable extends Error {
  override name = 'ArchiveUnavailable';
}
