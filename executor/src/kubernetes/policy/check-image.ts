import type { Breach } from './breach.js';
import { matches } from './patterns.js';

/** What a policy does not allow of the image of a container or volume. */
export function* checkImage(place: string, image: unknown, allowed: readonly string[]): Generator<Breach> {
  if (typeof image === 'string' && allowsImage(allowed, image)) return;
  yield { place, what: `is ${JSON.stringify(image)}`, rule: 'it in allow.images' };
}

/**
 * Patterns are for the whole name of an image, and for a name of Docker Hub as it is written. The part before the first `/`
 * is held against the registry alone, so that `golang*` and `*.example.com/*` lead to no other registry.
 */
function allowsImage(allowed: readonly string[], image: string): boolean {
  const { registry, path } = partsOf(image);
  if (image !== `${registry}/${path}` && matches(allowed, image)) return true;
  return allowed.some((pattern) => {
    if (/^\*+$/.test(pattern)) return true;
    const [ofRegistry, ofPath] = cut(pattern);
    return ofPath !== undefined && matches([ofRegistry], registry) && matches([ofPath], path);
  });
}

/** `busybox` → `docker.io/library/busybox`: https://github.com/distribution/reference/blob/main/normalize.go */
function partsOf(image: string): { registry: string; path: string } {
  const [first, rest] = cut(image);
  if (rest === undefined) return { registry: 'docker.io', path: `library/${image}` };
  if (first === 'docker.io' || first === 'index.docker.io') {
    return { registry: 'docker.io', path: rest.includes('/') ? rest : `library/${rest}` };
  }
  // Only the names of hosts may have upper-case letters.
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  return isHost ? { registry: first, path: rest } : { registry: 'docker.io', path: image };
}

function cut(text: string): [string, string | undefined] {
  const slash = text.indexOf('/');
  return slash === -1 ? [text, undefined] : [text.slice(0, slash), text.slice(slash + 1)];
}
