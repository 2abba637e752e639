import { isPlainMap } from '@chainr/core/pipeline/plain-values';
import { itemsOf } from '../patch/parts.js';
import type { Breach } from './breach.js';
import { nameOfItem } from './check-fields.js';
import { matches } from './patterns.js';
import type { Policy } from './policy.js';

/**
 * What a policy does not allow of the Secrets and ConfigMaps that are named anywhere in a value: in variables, volumes of
 * every type, or for images. All places of the API that name one have a field of such a name.
 */
export function* checkReferences(value: unknown, place: string, policy: Policy): Generator<Breach> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      yield* checkReferences(item, `${place}[${nameOfItem(item, index)}]`, policy);
  }
  if (!isPlainMap(value)) return;
  for (const [field, content] of Object.entries(value)) {
    const at = `${place}.${field}`;
    for (const [kind, name] of namesIn(field, content)) {
      if (!matches(policy.allow[kind], name)) yield { place: at, what: `names ${JSON.stringify(name)}`, rule: `it in allow.${kind}` }; // prettier-ignore
    }
    yield* checkReferences(content, at, policy);
  }
}

type Kind = 'secrets' | 'configMaps';

function namesIn(field: string, content: unknown): [Kind, unknown][] {
  if (field === 'imagePullSecrets') return itemsOf(content).map(({ name }) => ['secrets', name]);
  if (/^secretName$/i.test(field)) return [['secrets', content]];
  if (!isPlainMap(content)) return [];
  const { name } = content;
  if (/secret(?:Key)?Ref$/i.test(field)) return [['secrets', name]];
  // The source of a projected volume has a name, that of a volume a `secretName`.
  if (field === 'secret' && name !== undefined) return [['secrets', name]];
  if (/^configMap(?:KeyRef|Ref)?$/.test(field)) return [['configMaps', name]];
  return [];
}
