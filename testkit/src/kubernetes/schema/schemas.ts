import { readFileSync } from 'node:fs';

/** A part of a JSON schema: the keywords that the schemas of Kubernetes use. */
export interface Schema {
  type?: string | string[];
  format?: string;
  $ref?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  oneOf?: Schema[];
  /** The field by which a strategic merge patch merges the objects of a list. */
  mergeKey?: string;
  /** A strategic merge patch merges this list; without a key, as a set of plain values. */
  merge?: boolean;
}

/** Valid both from `src` (tests) and from `dist` (bench). */
const file = new URL('../../../src/kubernetes/schema/objects.schema.json', import.meta.url);
let definitions: Record<string, Schema> | undefined;

/** The schema of a kind; undefined for those that the file does not have. */
export function schemaOf(kind: string): Schema | undefined {
  definitions ??= JSON.parse(readFileSync(file, 'utf8')) as Record<string, Schema>;
  return definitions[kind];
}

/** The schema that a reference leads to, or the schema itself. */
export function resolveSchema(schema: Schema): Schema {
  return schema.$ref === undefined ? schema : (schemaOf(schema.$ref) ?? {});
}
