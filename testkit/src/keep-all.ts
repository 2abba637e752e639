/** Settings of recycle under which nothing is removed for its age or size, or moved. */
export const keepAll = {
  runRetentionMs: 0,
  logRetentionMs: 0,
  eventRetentionMs: 0,
  eventLimitBytes: 0,
  archiveAfterMs: 0,
} as const;
