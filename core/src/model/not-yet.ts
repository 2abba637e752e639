/**
 * Fields that the schema has and this version does not act on: refused rather than ignored. When
 * a field's behaviour comes, its line goes.
 */
export const notYetFields: readonly { of: 'pipeline' | 'job'; field: string }[] = [
  { of: 'pipeline', field: 'timeout' },
  { of: 'pipeline', field: 'priority' },
  { of: 'pipeline', field: 'maxParallel' },
  { of: 'job', field: 'retries' },
  { of: 'job', field: 'priority' },
];
