import { resolveSchema, schemaOf, type Schema } from '@chainr/testkit/kubernetes/schema/schemas';

/**
 * What of an object the API server would refuse, with `fieldValidation=Strict`: unknown fields, values of a wrong type, and
 * fields that are missing.
 */
export function checkManifest(object: Readonly<Record<string, unknown>>): string[] {
  const schema = schemaOf(String(object['kind']));
  if (!schema) return [`there is no schema of the kind ${String(object['kind'])}`];
  return findMistakes(object, schema, String(object['kind']));
}

function findMistakes(value: unknown, given: Schema, place: string): string[] {
  const schema = resolveSchema(given) as Schema & { required?: string[]; enum?: unknown[] };
  if (schema.oneOf) return schema.oneOf.some((each) => isOf(value, each)) ? [] : [`${place} has a wrong type`];
  if (!isOf(value, schema)) return [`${place} has a wrong type`];
  if (schema.enum && !schema.enum.includes(value)) return [`${place} is ${String(value)}`];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => findMistakes(item, schema.items ?? {}, `${place}[${index}]`));
  }
  if (typeof value !== 'object' || value === null) return [];
  const missing = (schema.required ?? []).filter((name) => !(name in value));
  const mistakes = missing.map((name) => `${place}.${name} is missing`);
  for (const [name, field] of Object.entries(value)) {
    const known = schema.properties?.[name] ?? schema.additionalProperties;
    if (known) mistakes.push(...findMistakes(field, known, `${place}.${name}`));
    else if (schema.properties) mistakes.push(`${place}.${name} is unknown`);
  }
  return mistakes;
}

function isOf(value: unknown, { type }: Schema): boolean {
  if (type === undefined) return true;
  const found =
    value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
  const types = [type].flat();
  return types.includes(found) || (found === 'integer' && types.includes('number'));
}
