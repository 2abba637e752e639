/** Something of a pod that a policy does not allow. */
export interface Breach {
  /** `spec.hostNetwork`. */
  place: string;
  /** What is there: `is set`. */
  what: string;
  /** What in the policy would allow it: `allow.hostNetwork: true`. */
  rule: string;
}
