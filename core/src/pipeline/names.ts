/** Names of jobs and steps: DNS labels (RFC 1123), since they become names of pods and containers. */
export const dnsLabel = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Names of pipelines: DNS subdomains. Each part and the whole have a longest length: 63 and 253. */
export const dnsSubdomain =
  /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*$/;

/** Names of environment variables that every shell can read; `CHAINR_*` are chainr's own. */
export const envName = /^(?!CHAINR_)[A-Za-z_][A-Za-z0-9_]{0,254}$/;

/** Keys of outputs: names of variables; `__proto__` is something else to every object of JavaScript. */
export const outputKey = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,254}$/;

/** Names of secrets: of a file, and of a variable once its other characters are underscores. */
export const secretName = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/;

/** Variables that shells keep for themselves: to set one in a shell may fail or do something else. */
export const shellsOwn =
  /^(_|PWD|OLDPWD|SHLVL|IFS|ENV|OPT\w+|PPID|E?UID|GROUPS|LINENO|RANDOM|SRANDOM|SECONDS|EPOCH\w+|DIRSTACK|FUNC\w+|PIPESTATUS|POSIX\w+|SHELLOPTS|BASH\w*|COMP_\w+|HIST\w+|MAIL\w*|LC_\w+|PS\d)$/;

/** Keys of labels as Kubernetes takes them: `name` or `domain/name`. */
export const labelKey =
  /^(?:(?=[^/]{1,253}\/)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** Values of labels as Kubernetes takes them; may be empty. */
export const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** Which labels are meant: `KEY=VALUE`, or a key alone, whatever its value. */
export const labelSelector = new RegExp(
  String.raw`^${labelKey.source.slice(1, -1)}(?:=${labelValue.source.slice(1, -1)})?$`,
);

/** Names of resources: Kubernetes' own three, or an extended one such as `nvidia.com/gpu`. */
export const resourceName =
  /^(?:cpu|memory|ephemeral-storage|(?=[^/]{1,253}\/)[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*\/[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/;

/** Quantities as Kubernetes writes them, without a sign: `500m`, `2`, `1.5`, `256Mi`, `1e3`. */
export const quantity = /^(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:[KMGTPE]i|[numkMGTPE]|[eE][-+]?\d{1,2})?$/;

/**
 * Names that the rules above let through, but that every object of JavaScript has already: as
 * names of jobs and steps they would be found where there are none.
 */
const reserved = new Set(['constructor', '__proto__']);

/** Why a text cannot be the name of a job or step; undefined where it can. */
export function whyNoName(name: string): string | undefined {
  if (reserved.has(name)) return `the name "${name}" is reserved, choose another`;
  return dnsLabel.test(name)
    ? undefined
    : 'a name has 1 to 63 lower-case letters, digits and hyphens, and begins and ends with a letter or digit';
}

/** Who runs in a container: a name or id, and perhaps a group; never a flag of a program. */
export const userPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?$/;

/** As Docker names networks; what joins another container (`container:…`) is none. */
export const networkPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
