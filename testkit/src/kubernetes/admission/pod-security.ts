import { forbidden } from '../api/status.js';
import type { Container, Pod, SecurityContext } from '../objects.js';

const pods = { plural: 'pods', group: '' };
const quote = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
const containersText = (names: readonly string[]): string => `container${names.length > 1 ? 's' : ''} ${quote(names)}`;

const allowedVolumes = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret']; // prettier-ignore

/**
 * The level `restricted` of Pod Security, and with it `baseline`: the checks of
 * https://github.com/kubernetes/pod-security-admission, `policy/`, that concern Linux containers.
 *
 * @throws ApiError 403
 */
export function enforceRestricted(pod: Pod): void {
  const found = [...checkPodSettings(pod), ...checkContainers(pod)];
  if (found.length === 0) return;
  throw forbidden(pods, pod.metadata.name, `violates PodSecurity "restricted:latest": ${found.join(', ')}`);
}

function checkPodSettings({ spec }: Pod): string[] {
  const host = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name] === true);
  return host.length === 0 ? [] : [`host namespaces (${host.map((name) => `${name}=true`).join(', ')})`];
}

function checkContainers({ spec }: Pod): string[] {
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  const common = spec.securityContext ?? {};
  const contextOf = ({ securityContext }: Container): SecurityContext => securityContext ?? {};
  const namesOf = (isBad: (context: SecurityContext, container: Container) => boolean): string[] =>
    all.filter((container) => isBad(contextOf(container), container)).map(({ name }) => name);
  const found: string[] = [];
  const tell = (title: string, names: readonly string[], text: (names: string) => string): void => {
    if (names.length > 0) found.push(`${title} (${text(containersText(names))})`);
  };

  const usesHostPort = ({ ports }: Container): number[] =>
    (ports ?? []).map(({ hostPort = 0 }) => hostPort).filter((port) => port > 0);
  const hostPorts = all.filter((container) => usesHostPort(container).length > 0);
  const ports = hostPorts.flatMap(usesHostPort);
  const portText = `uses hostPort${ports.length > 1 ? 's' : ''} ${ports.join(', ')}`;
  tell('hostPort', hostPorts.map(({ name }) => name), (names) => `${names} ${portText}`); // prettier-ignore
  tell('privileged', namesOf(({ privileged }) => privileged === true), (names) => `${names} must not set securityContext.privileged=true`); // prettier-ignore
  const escalates = namesOf(({ allowPrivilegeEscalation }) => allowPrivilegeEscalation !== false);
  tell(
    'allowPrivilegeEscalation != false',
    escalates,
    (names) => `${names} must set securityContext.allowPrivilegeEscalation=false`,
  );
  const capabilities = checkCapabilities(all);
  if (capabilities.length > 0) found.push(`unrestricted capabilities (${capabilities.join('; ')})`);
  found.push(...checkVolumes(spec.volumes ?? []));
  const maybeRoot = namesOf(({ runAsNonRoot }) => (runAsNonRoot ?? common.runAsNonRoot) !== true);
  tell('runAsNonRoot != true', maybeRoot, (names) => `pod or ${names} must set securityContext.runAsNonRoot=true`);
  if (common.runAsUser === 0) found.push('runAsUser=0 (pod must not set runAsUser=0)');
  tell('runAsUser=0', namesOf(({ runAsUser }) => runAsUser === 0), (names) => `${names} must not set runAsUser=0`); // prettier-ignore
  const allowed = ['RuntimeDefault', 'Localhost'];
  const bad = all.find(
    ({ securityContext }) => securityContext?.seccompProfile && !allowed.includes(securityContext.seccompProfile.type),
  );
  const badType = bad?.securityContext?.seccompProfile?.type ?? '';
  const setsBad = namesOf(
    ({ seccompProfile }) => seccompProfile !== undefined && !allowed.includes(seccompProfile.type),
  );
  const setsNone = namesOf(({ seccompProfile }) => (seccompProfile ?? common.seccompProfile) === undefined);
  if (setsBad.length > 0) {
    tell(
      'seccompProfile',
      setsBad,
      (names) => `${names} must not set securityContext.seccompProfile.type to "${badType}"`,
    );
  } else {
    const types = 'to "RuntimeDefault" or "Localhost"';
    tell(
      'seccompProfile',
      setsNone,
      (names) => `pod or ${names} must set securityContext.seccompProfile.type ${types}`,
    );
  }
  return found;
}

function checkCapabilities(all: readonly Container[]): string[] {
  const keeps = all.filter(({ securityContext }) => !(securityContext?.capabilities?.drop ?? []).includes('ALL'));
  const text =
    keeps.length === 0
      ? []
      : [`${containersText(keeps.map(({ name }) => name))} must set securityContext.capabilities.drop=["ALL"]`];
  const addsOf = ({ securityContext }: Container): string[] =>
    (securityContext?.capabilities?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
  const adds = all.filter((container) => addsOf(container).length > 0);
  const names = quote([...new Set(adds.flatMap(addsOf))].sort());
  if (adds.length > 0)
    text.push(
      `${containersText(adds.map(({ name }) => name))} must not include ${names} in securityContext.capabilities.add`,
    );
  return text;
}

function checkVolumes(volumes: readonly { name: string }[]): string[] {
  const typeOf = (volume: object): string => Object.keys(volume).find((key) => key !== 'name') ?? 'emptyDir';
  const bad = volumes.filter((volume) => !allowedVolumes.includes(typeOf(volume)));
  if (bad.length === 0) return [];
  const types = [...new Set(bad.map(typeOf))];
  const names = `volume${bad.length > 1 ? 's' : ''} ${quote(bad.map(({ name }) => name))}`;
  const verb = bad.length > 1 ? 'use' : 'uses';
  return [
    `restricted volume types (${names} ${verb} restricted volume type${types.length > 1 ? 's' : ''} ${quote(types)})`,
  ];
}
