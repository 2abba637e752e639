import { refuseContainer } from '../../refuse-step.js';
import type { AttemptSpec } from '../../port.js';

/** A sentence if a pod of the attempt can certainly not be what the pipeline asks for, before anything is tried. */
export function refuseSpec(spec: AttemptSpec): string | undefined {
  for (const [index, step] of spec.steps.entries()) {
    // `$(NAME)` is expanded by the kubelet, whose limits are those of the system too.
    const refusal = refuseContainer(step, `step "${step.name}"`, new Map(Object.entries(step.env)));
    if (refusal !== undefined) return refusal;
    if (step.user !== undefined && !/^\d+(?::\d+)?$/.test(step.user)) {
      return `Step "${step.name}" has the user "${step.user}", but Kubernetes only takes numbers: write its user id, such as "1000" or "1000:1000".`;
    }
    if (step.network !== undefined && step.network !== 'bridge') {
      return `Step "${step.name}" has the network "${step.network}", which only exists on Docker. On Kubernetes a NetworkPolicy limits the network of pods.`;
    }
    const isTolerated = step.continueOnError && index < spec.steps.length - 1;
    if (isTolerated && step.run === undefined && step.command === undefined) {
      return `Step "${step.name}" has continueOnError and no "run" or "command": on Kubernetes its program must be named, since a shell must see its exit code.`;
    }
  }
  for (const service of spec.services ?? []) {
    const refusal = refuseContainer(service, `service "${service.name}"`, new Map(Object.entries(service.env)));
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
