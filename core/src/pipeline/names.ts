/** Names of jobs and steps: DNS labels (RFC 1123), since they become names of pods and containers. */
export const dnsLabel = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Names of pipelines: DNS subdomains. Each label has at most 63 characters, the whole at most 253. */
export const dnsSubdomain =
  /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*$/;

/** Names of environment variables that every shell can read. `CHAINR_*` are reserved for chainr. */
export const envName = /^(?!CHAINR_)[A-Za-z_][A-Za-z0-9_]{0,254}$/;

/** Keys of outputs: names of variables. `__proto__` is special in every JavaScript object. */
export const outputKey = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,254}$/;

/** Names of secrets: valid as a file name, and as a variable name once other characters become underscores. */
export const secretName = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/;

/** Keys of Secrets and ConfigMaps (`IsConfigMapKey` of Kubernetes' apimachinery). */
export const configKey = /^(?!\.{1,2}$|\.\.)[-._A-Za-z0-9]{1,253}$/;

/** Variables that shells reserve: setting one in a shell may fail or do something else. */
export const shellsOwn =
  /^(_|PWD|OLDPWD|SHLVL|IFS|ENV|OPT\w+|PPID|E?UID|GROUPS|LINENO|RANDOM|SRANDOM|SECONDS|EPOCH\w+|DIRSTACK|FUNC\w+|PIPESTATUS|POSIX\w+|SHELLOPTS|BASH\w*|COMP_\w+|HIST\w+|MAIL\w*|LC_\w+|PS\d)$/;

/** Keys of labels as Kubernetes takes them: `name` or `domain/name`. */
export const labelKey =
  /^(?:(?=[^/]{1,253}\/)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** Values of labels as Kubernetes takes them; may be empty. */
export const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** A label selector: `KEY=VALUE`, or a key alone, which matches any value. */
export const labelSelector = new RegExp(
  String.raw`^${labelKey.source.slice(1, -1)}(?:=${labelValue.source.slice(1, -1)})?$`,
);

/** Names of resources: Kubernetes' own three, or an extended one such as `nvidia.com/gpu`. */
export const resourceName =
  /^(?:cpu|memory|ephemeral-storage|(?=[^/]{1,253}\/)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*\/[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/;

/** Quantities as Kubernetes writes them, without a sign: `500m`, `2`, `1.5`, `256Mi`, `1e3`. */
export const quantity = /^(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:[KMGTPE]i|[numkMGTPE]|[eE][-+]?\d{1,2})?$/;

/** Whether the label or annotation of a pod is chainr's own, and no pipeline may set it. */
export const isOwnPodLabel = (key: string): boolean =>
  key.startsWith('chainr.dev/') || key === 'app.kubernetes.io/managed-by' || key === 'app.kubernetes.io/name';

/**
 * Names that pass the rules above but exist on every JavaScript object: a lookup of a job or step by such a name would
 * always find something.
 */
const reserved = new Set(['constructor', '__proto__']);

/** Why a text cannot be the name of a job or step; undefined if it can. */
export function whyNoName(name: string): string | undefined {
  if (reserved.has(name)) return `the name "${name}" is reserved, choose another`;
  return dnsLabel.test(name)
    ? undefined
    : 'a name has 1 to 63 lower-case letters, digits and hyphens, and begins and ends with a letter or digit';
}

/** The user of a container: a name or id, optionally with a group; never a flag of a program. */
export const userPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?$/;

/** Names of Docker networks; `container:…`, which joins another container, is not allowed. */
export const networkPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
