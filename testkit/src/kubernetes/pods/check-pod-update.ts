import { invalid } from '../api/status.js';
import type { Pod, PodSpec } from '../objects.js';
import { Mistakes } from './mistakes.js';
import { checkMetadata } from './name-rules.js';

const changeable =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/**
 * What may change of a pod: `ValidatePodUpdate`. The API server adds the difference of the specifications to its
 * message, and the stand-in does not.
 *
 * @throws ApiError 422
 */
export function checkPodUpdate(before: Pod, after: Pod): void {
  const mistakes = new Mistakes();
  checkMetadata(mistakes, after.metadata);
  const [old, wanted] = [before.spec.activeDeadlineSeconds, after.spec.activeDeadlineSeconds];
  const field = 'spec.activeDeadlineSeconds';
  if (wanted === undefined) {
    if (old !== undefined) mistakes.invalid(field, null, 'must not update from a positive integer to nil value');
  } else if (wanted < 0 || wanted > 2_147_483_647) {
    mistakes.invalid(field, wanted, 'must be between 0 and 2147483647, inclusive');
  } else if (old !== undefined && wanted > old)
    mistakes.invalid(field, wanted, 'must be less than or equal to previous value');
  const isNewGate = (after.spec.schedulingGates ?? []).some(
    ({ name }) => !(before.spec.schedulingGates ?? []).some((gate) => gate.name === name),
  );
  if (isNewGate) mistakes.forbidden('spec.schedulingGates', 'only deletion is allowed, but found new scheduling gate');
  if (JSON.stringify(fixedPart(before.spec)) !== JSON.stringify(fixedPart(after.spec)))
    mistakes.forbidden('spec', changeable);
  if (mistakes.found.length > 0) throw invalid('Pod', '', before.metadata.name, mistakes.found);
}

/** The specification without what may change, with its fields in an order that does not depend on the patch. */
function fixedPart(spec: PodSpec): unknown {
  const { activeDeadlineSeconds: _, schedulingGates: _gates, tolerations: _tolerations, ...rest } = spec;
  const withoutImage = (containers: PodSpec['containers'] = []) => containers.map(({ image: _image, ...each }) => each);
  return sorted({
    ...rest,
    containers: withoutImage(spec.containers),
    initContainers: withoutImage(spec.initContainers),
  });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, field]) => [name, sorted(field)]));
}
