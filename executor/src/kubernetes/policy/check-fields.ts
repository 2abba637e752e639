import { isPlainMap } from '@chainr/core/pipeline/plain-values';
import type { Breach } from './breach.js';
import type { Fields } from './known-fields.js';
import { matches } from './patterns.js';

/**
 * The fields of a value that the policy neither knows nor allows by name.
 * @param place where the value is: `spec.initContainers[fetch]`; empty for the pod
 * @param name what `allow.fields` calls it: the same without items, and containers of every kind are `spec.containers`
 */
export function* checkFields(
  place: string,
  name: string,
  value: unknown,
  known: Fields,
  allowed: readonly string[],
): Generator<Breach> {
  if (known === 'whole') return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield* checkFields(`${place}[${nameOfItem(item, index)}]`, name, item, known, allowed);
    }
  }
  if (!isPlainMap(value)) return;
  for (const [field, content] of Object.entries(value)) {
    const at = join(place, field);
    const named = join(name, containerLists.has(at) ? 'containers' : field);
    const inner = Object.hasOwn(known, field) ? known[field] : undefined;
    if (inner !== undefined) yield* checkFields(at, named, content, inner, allowed);
    else if (!matches(allowed, named)) {
      yield { place: at, what: 'is not a field that the policy knows', rule: `"${named}" in allow.fields` };
    }
  }
}

const containerLists = new Set(['spec.initContainers', 'spec.ephemeralContainers']);

const join = (place: string, field: string): string => (place === '' ? field : `${place}.${field}`);

/** `containers[main]` says more than `containers[0]`. */
export const nameOfItem = (item: unknown, index: number): string =>
  isPlainMap(item) && typeof item['name'] === 'string' ? item['name'] : String(index);
