import type { ReadyCheck } from '@chainr/core/pipeline/pipeline';
import type { ServiceSpec } from '@chainr/core/pipeline/services';
import type { ContainerJson } from './pod-json.js';
import { pullPolicies, resourcesOf, shell, valuesOf } from './step-container.js';

/**
 * The kubelet gives up on a service after this much longer than chainr, whose message says more: it only decides where no
 * worker does.
 */
const spareSeconds = 60;

/**
 * The container of a service: an init container that goes on beside the steps, which the kubelet ends after them
 * (https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/). The next container starts when it is ready.
 * @param secret the name of the Secret of the attempt
 */
export function serviceContainer(service: ServiceSpec, secret: string): ContainerJson {
  const { name, image, command, args, ready, pull = 'ifNotPresent' } = service;
  return {
    name,
    image,
    imagePullPolicy: pullPolicies[pull],
    restartPolicy: 'Always',
    ...(command && { command: [...command] }),
    ...(args && { args: [...args] }),
    env: valuesOf(service, Object.entries(service.env), secret),
    ...resourcesOf(service),
    ...(ready && {
      startupProbe: {
        ...probeOf(ready),
        periodSeconds: 1,
        timeoutSeconds: Math.max(1, Math.min(10, Math.ceil(ready.timeoutMs / 1000))),
        failureThreshold: Math.ceil(ready.timeoutMs / 1000) + spareSeconds,
      },
    }),
  };
}

function probeOf(
  check: ReadyCheck,
): Pick<NonNullable<ContainerJson['startupProbe']>, 'exec' | 'httpGet' | 'tcpSocket'> {
  if ('run' in check) return { exec: { command: [shell, '-e', '-c', check.run] } };
  if ('http' in check) return { httpGet: { port: check.http.port, path: check.http.path } };
  return { tcpSocket: { port: check.tcp } };
}
