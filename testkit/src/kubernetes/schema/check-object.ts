import { badRequest } from '../api/status.js';
import type { KubeObject } from '../objects.js';
import { resolveSchema, schemaOf, type Schema } from './schemas.js';

/** Where the check is: the path of the messages, and the struct of Go that the nearest field belongs to. */
interface Place {
  path: string;
  struct: string;
}

/**
 * Refuses what the API server cannot decode, in its words: values of a wrong type, and unknown fields as with
 * `fieldValidation=Strict`, since they are mistakes of the client.
 *
 * @throws ApiError 400
 */
export function checkObject(object: KubeObject): void {
  const { kind, apiVersion } = object;
  const schema = schemaOf(kind);
  if (!schema) return;
  const unknown: string[] = [];
  const refuse = (why: string) =>
    badRequest(`${kind} in version "${apiVersion.split('/').at(-1) ?? ''}" cannot be handled as a ${kind}: ${why}`);
  const mistake = findMistake(object, schema, { path: '', struct: kind }, unknown);
  if (mistake !== undefined) throw refuse(mistake);
  if (unknown.length > 0) {
    throw refuse(`strict decoding error: ${unknown.map((path) => `unknown field "${path}"`).join(', ')}`);
  }
}

function findMistake(value: unknown, given: Schema, place: Place, unknown: string[]): string | undefined {
  if (value === null || value === undefined) return undefined;
  const schema = resolveSchema(given);
  if (given.$ref === 'Quantity') return findBadQuantity(value);
  if (schema.oneOf)
    return schema.oneOf.some((each) => isOf(value, each)) ? undefined : typeMistake(value, schema, place);
  if (!isOf(value, schema)) return typeMistake(value, given, place);
  if (Array.isArray(value)) return findInList(value, schema.items ?? {}, place, unknown);
  if (typeof value !== 'object') return undefined;
  const struct = given.$ref ?? place.struct;
  for (const [name, field] of Object.entries(value)) {
    const path = place.path === '' ? name : `${place.path}.${name}`;
    const known = schema.properties?.[name] ?? schema.additionalProperties;
    if (known) {
      const mistake = findMistake(field, known, { path, struct }, unknown);
      if (mistake !== undefined) return mistake;
    } else if (schema.properties) unknown.push(path);
  }
  return undefined;
}

function findInList(list: unknown[], items: Schema, place: Place, unknown: string[]): string | undefined {
  for (const [index, item] of list.entries()) {
    const path = `${place.path}[${index}]`;
    const mistake = findMistake(item, items, { ...place, path }, unknown);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

const namesOf = ({ type = [] }: Schema): string[] => [type].flat();

function isOf(value: unknown, schema: Schema): boolean {
  const types = namesOf(schema);
  if (types.length === 0) return true;
  if (Array.isArray(value)) return types.includes('array');
  if (types.includes('integer') && Number.isInteger(value)) return true;
  return types.includes(typeof value);
}

function findBadQuantity(value: unknown): string | undefined {
  const isGood = typeof value === 'number' || /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/.test(String(value));
  return isGood
    ? undefined
    : "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
}

function typeMistake(value: unknown, schema: Schema, { path, struct }: Place): string {
  const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const field = path.replaceAll(/\[\d+\]/g, '');
  return `json: cannot unmarshal ${found} into Go struct field ${struct}.${field} of type ${goType(schema)}`;
}

function goType(schema: Schema): string {
  if (schema.$ref !== undefined) return `v1.${schema.$ref}`;
  const [type] = namesOf(schema);
  switch (type) {
    case 'array':
      return `[]${goType(schema.items ?? {})}`;
    case 'object':
      return `map[string]${goType(schema.additionalProperties ?? {})}`;
    case 'integer':
      return schema.format ?? 'int64';
    case 'boolean':
      return 'bool';
    default:
      return 'string';
  }
}
