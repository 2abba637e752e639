/** Kinds of facts that explain the state of a job. */
export const factKinds = [
  'dependency',
  'slots',
  'queue',
  'workers',
  'backoff',
  'phase',
  'deadline',
  'outcome',
  'attempts',
  'runtime',
  'run',
] as const;

export interface Fact {
  kind: (typeof factKinds)[number];
  /** One sentence. */
  text: string;
}
