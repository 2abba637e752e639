import type { Named } from './status.js';

export interface Resource extends Named {
  kind: string;
  version: string;
  isNamespaced: boolean;
  /** Only what others than the stand-in may do. */
  verbs: readonly string[];
  shortNames?: readonly string[];
}

const all = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const core = { group: '', version: 'v1', isNamespaced: true, verbs: all };

/** What the stand-in serves. */
export const resources: readonly Resource[] = [
  { ...core, plural: 'pods', kind: 'Pod', shortNames: ['po'] },
  { ...core, plural: 'events', kind: 'Event', shortNames: ['ev'] },
  { ...core, plural: 'secrets', kind: 'Secret' },
  { ...core, plural: 'configmaps', kind: 'ConfigMap', shortNames: ['cm'] },
  { ...core, plural: 'serviceaccounts', kind: 'ServiceAccount', shortNames: ['sa'] },
  { ...core, plural: 'resourcequotas', kind: 'ResourceQuota', shortNames: ['quota'] },
  { ...core, plural: 'namespaces', kind: 'Namespace', isNamespaced: false, shortNames: ['ns'] },
  { ...core, plural: 'nodes', kind: 'Node', isNamespaced: false, shortNames: ['no'] },
  { ...core, plural: 'priorityclasses', kind: 'PriorityClass', group: 'scheduling.k8s.io', isNamespaced: false },
  {
    ...core,
    plural: 'selfsubjectaccessreviews',
    kind: 'SelfSubjectAccessReview',
    group: 'authorization.k8s.io',
    isNamespaced: false,
    verbs: ['create'],
  },
];

export function findResource(group: string, plural: string): Resource | undefined {
  return resources.find((resource) => resource.group === group && resource.plural === plural);
}

/** The resource of a plural that the table has. */
export function resourceOf(plural: string): Resource {
  const found = resources.find((resource) => resource.plural === plural);
  if (!found) throw new Error(`the stand-in serves no ${plural}`);
  return found;
}

export const apiVersionOf = ({ group, version }: Resource): string => (group === '' ? version : `${group}/${version}`);
