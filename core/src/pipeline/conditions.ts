/** The conditions of a dependency. The order is the bit stored in Redis: append only. */
export const conditions = ['success', 'failure', 'skipped'] as const;
export type Condition = (typeof conditions)[number];

/** The conditions of one dependency as bits: 1 = success, 2 = failure, 4 = skipped. */
export type ConditionMask = number;

export function maskOf(named: Readonly<Partial<Record<Condition, boolean>>>): ConditionMask {
  return conditions.reduce((mask, condition, bit) => (named[condition] ? mask | (1 << bit) : mask), 0);
}

/** Whether the mask includes a condition. */
export const hasCondition = (mask: ConditionMask, condition: Condition): boolean =>
  (mask & maskOf({ [condition]: true })) !== 0;
