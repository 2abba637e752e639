import type { PlainMap } from '@chainr/core/pipeline/plain-values';
import { amountOf } from '../../quantities.js';
import { isOn, itemsOf, mapOf } from '../patch/parts.js';
import type { Breach } from './breach.js';
import { checkImage } from './check-image.js';
import { matches } from './patterns.js';
import type { Policy } from './policy.js';

/** What a policy does not allow of a container, be it a step, a sidecar or for looking in. */
export function* checkContainer(place: string, container: PlainMap, pod: PlainMap, policy: Policy): Generator<Breach> {
  const { allow } = policy;
  yield* checkImage(`${place}.image`, container['image'], allow.images);
  if (!allow.hostNetwork) {
    for (const { hostPort } of itemsOf(container['ports'])) {
      if (hostPort !== undefined)
        yield { place: `${place}.ports`, what: 'have a hostPort', rule: 'allow.hostNetwork: true' };
    }
    yield* checkHosts(place, container);
  }
  yield* checkSecurity(place, mapOf(container['securityContext']), pod, policy);
  yield* checkResources(`${place}.resources`, mapOf(container['resources']), policy);
}

/** The kubelet sends what a probe or a lifecycle asks for from the node, to any host that it names. */
function* checkHosts(place: string, container: PlainMap): Generator<Breach> {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  const { postStart, preStop } = mapOf(container['lifecycle']);
  const senders = { livenessProbe, readinessProbe, startupProbe, 'lifecycle.postStart': postStart, 'lifecycle.preStop': preStop }; // prettier-ignore
  for (const [name, sender] of Object.entries(senders)) {
    for (const action of ['httpGet', 'tcpSocket']) {
      const { host = '' } = mapOf(mapOf(sender)[action]);
      if (host !== '') yield { place: `${place}.${name}.${action}.host`, what: `is ${JSON.stringify(host)}`, rule: 'allow.hostNetwork: true' }; // prettier-ignore
    }
  }
}

function* checkSecurity(place: string, own: PlainMap, pod: PlainMap, policy: Policy): Generator<Breach> {
  const { allow, runAsNonRoot } = policy;
  const shared = mapOf(mapOf(pod['spec'])['securityContext']);
  const both: PlainMap = { ...shared, ...own };
  const at = `${place}.securityContext`;
  // What a container says of Windows does not replace all that the pod says.
  const isOfHost = [own, shared].some(({ windowsOptions }) => isOn(mapOf(windowsOptions)['hostProcess']));
  const isPrivileged = isOn(own['privileged']) || isOfHost;
  if (isPrivileged && !allow.privileged) {
    const field = isOfHost ? 'windowsOptions.hostProcess' : 'privileged';
    yield { place: `${at}.${field}`, what: 'is set', rule: 'allow.privileged: true' };
  }
  if (runAsNonRoot && (both['runAsNonRoot'] !== true || both['runAsUser'] === 0)) {
    yield { place: at, what: 'lets it run as root', rule: 'runAsNonRoot: false' };
  }
  // Nothing else confines a privileged container.
  if (isPrivileged && allow.privileged) return;
  if (own['allowPrivilegeEscalation'] !== false && !allow.privilegeEscalation) {
    yield { place: `${at}.allowPrivilegeEscalation`, what: 'is not false', rule: 'allow.privilegeEscalation: true' };
  }
  const excess = capabilitiesOf(mapOf(own['capabilities'])).filter((each) => !matches(allow.capabilities, each));
  if (excess.length > 0 && !allow.capabilities.includes('ALL')) {
    yield { place: `${at}.capabilities`, what: `give ${excess.join(', ')}`, rule: 'them in allow.capabilities' };
  }
  if (!allow.unconfined) yield* checkConfinement(place, own, shared, pod);
}

/** What containerd and CRI-O give to a container that does not drop them. */
const usualCapabilities = [
  'CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP',
  'NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE',
]; // prettier-ignore

/** A runtime takes `CAP_` for a part of the name: `CAP_ALL` and `CAP_KILL` drop nothing. */
function capabilitiesOf({ add, drop }: PlainMap): string[] {
  const textsOf = (list: unknown): string[] => (Array.isArray(list) ? list.map(String) : []);
  const dropped = textsOf(drop);
  const kept = dropped.includes('ALL') ? [] : usualCapabilities.filter((each) => !dropped.includes(each));
  return [...new Set([...kept, ...textsOf(add).map((each) => each.replace(/^CAP_/i, '').toUpperCase())])];
}

function* checkConfinement(place: string, own: PlainMap, shared: PlainMap, pod: PlainMap): Generator<Breach> {
  const rule = 'allow.unconfined: true';
  const at = `${place}.securityContext`;
  const seccomp = mapOf(own['seccompProfile'] ?? shared['seccompProfile'])['type'];
  if (seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost') {
    yield { place: `${at}.seccompProfile`, what: 'is not RuntimeDefault or Localhost', rule };
  }
  const annotated = Object.entries(mapOf(mapOf(pod['metadata'])['annotations'])).some(
    ([key, value]) => key.startsWith('container.apparmor.security.beta.kubernetes.io/') && value === 'unconfined',
  );
  const appArmor = mapOf(own['appArmorProfile'] ?? shared['appArmorProfile'])['type'];
  if (appArmor === 'Unconfined' || annotated) yield { place: `${at}.appArmorProfile`, what: 'is Unconfined', rule };
  const { procMount = 'Default' } = own;
  if (procMount !== 'Default') yield { place: `${at}.procMount`, what: `is ${JSON.stringify(procMount)}`, rule };
  for (const context of [own, shared]) {
    if (context['seLinuxOptions'] !== undefined) yield { place: `${at}.seLinuxOptions`, what: 'are set', rule };
  }
  if (shared['sysctls'] !== undefined) yield { place: 'spec.securityContext.sysctls', what: 'are set', rule };
}

/** What a policy does not allow of the resources of a container or, where a pod has its own, of the pod. */
export function* checkResources(place: string, { requests, limits }: PlainMap, policy: Policy): Generator<Breach> {
  for (const [name, most] of Object.entries(policy.resources.maximum)) {
    const rule = `at most ${String(most)} (resources.maximum.${name})`;
    for (const [list, amounts] of [['requests', mapOf(requests)], ['limits', mapOf(limits)]] as const) {
      const amount = amounts[name];
      if (amount === undefined && list === 'requests') continue;
      // An amount that is no number is above everything.
      if (amount !== undefined && amountOf(amount) <= amountOf(most)) continue;
      yield { place: `${place}.${list}.${name}`, what: amount === undefined ? 'is missing' : `is ${JSON.stringify(amount)}`, rule }; // prettier-ignore
    }
  } // prettier-ignore
}
