import { ApiError, badRequest } from '../api/status.js';
import { resolveSchema, type Schema } from '../schema/schemas.js';

type Json = unknown;
type JsonObject = Record<string, Json>;

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A JSON merge patch (RFC 7396). */
export function applyMergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = applyMergePatch(result[name], value);
  }
  return result;
}

export interface JsonPatchStep {
  op: string;
  path: string;
  from?: string;
  value?: Json;
}

/** A JSON patch (RFC 6902). Every step that cannot be done refuses the whole patch with 422, as the API server does. */
export function applyJsonPatch(target: Json, steps: readonly JsonPatchStep[]): Json {
  const root = { '': structuredClone(target) };
  for (const step of steps) doStep(root, step);
  return root[''];
}

function doStep(root: { '': Json }, { op, path, from, value }: JsonPatchStep): void {
  const found = find(root, path);
  switch (op) {
    case 'test':
      if (JSON.stringify(found.get()) !== JSON.stringify(value)) throw cannotApply();
      return;
    case 'add':
      return found.add(value);
    case 'replace':
      if (found.get() === undefined) throw cannotApply();
      return found.set(value);
    case 'remove':
      if (found.get() === undefined) throw cannotApply();
      return found.remove();
    case 'copy':
    case 'move': {
      const source = find(root, from ?? '');
      const moved = structuredClone(source.get());
      if (op === 'move') source.remove();
      return found.add(moved);
    }
    default:
      throw badRequest(`Unexpected kind: ${op}`);
  }
}

const cannotApply = (): ApiError =>
  new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

interface Place {
  get: () => Json;
  set: (value: Json) => void;
  add: (value: Json) => void;
  remove: () => void;
}

function find(root: { '': Json }, pointer: string): Place {
  const names = pointer.split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = names.pop() ?? '';
  let holder: Json = root;
  for (const name of pointer === '' ? [] : names) holder = (holder as JsonObject | undefined)?.[name];
  if (Array.isArray(holder)) {
    const list: Json[] = holder;
    const index = last === '-' ? list.length : Number(last);
    return {
      get: () => list[index],
      set: (value) => (list[index] = value),
      add: (value) => list.splice(index, 0, value),
      remove: () => list.splice(index, 1),
    };
  }
  if (!isObject(holder)) throw cannotApply();
  const object = holder;
  return {
    get: () => object[last],
    set: (value) => (object[last] = value),
    add: (value) => (object[last] = value),
    remove: () => delete object[last],
  };
}

/**
 * A strategic merge patch: lists whose schema says so are merged, other lists are replaced. Knows the directives `$patch: delete | replace | merge`, `$deleteFromPrimitiveList/NAME`, `$setElementOrder/NAME` (the order is
 * not kept) and `$retainKeys`.
 */
export function applyStrategicPatch(target: Json, patch: Json, given: Schema): Json {
  if (!isObject(patch)) return patch;
  if (patch['$patch'] === 'replace') return withoutDirectives(patch);
  const schema = resolveSchema(given);
  let result: JsonObject = isObject(target) ? { ...target } : {};
  const retained = patch['$retainKeys'];
  if (Array.isArray(retained))
    result = Object.fromEntries(Object.entries(result).filter(([name]) => retained.includes(name)));
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$deleteFromPrimitiveList/')) {
      const list = name.slice('$deleteFromPrimitiveList/'.length);
      const taken = value as Json[];
      if (Array.isArray(result[list])) result[list] = (result[list] as Json[]).filter((item) => !taken.includes(item));
      continue;
    }
    if (name.startsWith('$')) continue;
    const field = schema.properties?.[name] ?? schema.additionalProperties ?? {};
    if (value === null) delete result[name];
    else if (Array.isArray(value)) result[name] = mergeLists(result[name], value, field);
    else if (isObject(value) && value['$patch'] === 'delete') delete result[name];
    else result[name] = applyStrategicPatch(result[name], value, field);
  }
  return result;
}

function mergeLists(target: Json, patch: readonly Json[], { mergeKey: key, merge, items = {} }: Schema): Json {
  if (!merge) return patch;
  const merged: Json[] = Array.isArray(target) ? [...(target as Json[])] : [];
  if (key === undefined) {
    for (const item of patch) if (!merged.includes(item)) merged.push(item);
    return merged;
  }
  if (patch.some((item) => isObject(item) && item['$patch'] === 'replace')) {
    return patch.filter((item) => !(isObject(item) && item['$patch'] === 'replace'));
  }
  for (const item of patch) {
    if (!isObject(item)) throw badRequest(`invalid patch: a list merged by ${key} holds objects`);
    const name = item[key];
    if (name === undefined) {
      throw new ApiError(500, undefined, `map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    }
    const index = merged.findIndex((existing) => isObject(existing) && existing[key] === name);
    if (item['$patch'] === 'delete') {
      if (index >= 0) merged.splice(index, 1);
    } else if (index >= 0) merged[index] = applyStrategicPatch(merged[index], item, items);
    // The API server puts new items of most lists before those that are there.
    else merged.unshift(applyStrategicPatch({}, item, items));
  }
  return merged;
}

function withoutDirectives(patch: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(patch).filter(([name]) => !name.startsWith('$')));
}
