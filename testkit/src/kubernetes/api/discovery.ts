import { apiVersionOf, resources } from './resources.js';

/** What the stand-in says it is: a release whose texts it has. */
const version = { major: '1', minor: '36', gitVersion: 'v1.36.2', gitTreeState: 'clean', platform: 'linux/amd64' };

/** The documents from which clients such as kubectl learn what there is; undefined for other paths. */
export function discover(path: string): unknown {
  if (path === '/version') return version;
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  const groups = [...new Set(resources.map(({ group }) => group))].filter((group) => group !== '');
  if (path === '/apis') {
    const listed = groups.map((name) => {
      const preferred = { groupVersion: `${name}/v1`, version: 'v1' };
      return { name, versions: [preferred], preferredVersion: preferred };
    });
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: listed };
  }
  const groupVersion = /^\/(?:api|apis)\/(.+)$/.exec(path)?.[1];
  const listed = resources.filter((resource) => apiVersionOf(resource) === groupVersion);
  if (listed.length === 0) return undefined;
  const shown = listed.map(({ plural, kind, isNamespaced, verbs, shortNames }) => ({
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced: isNamespaced,
    kind,
    verbs,
    ...(shortNames && { shortNames }),
  }));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: shown };
}
