/** A part of the OpenAPI document. */
export type Json = Record<string, unknown>;

export const asMap = (value: unknown): Record<string, Json> => (value ?? {}) as Record<string, Json>;
const asList = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

/** `integer`, `list of JobSummary`, `` `text` or `json` ``: a schema in a few words, for a cell of a table. */
export function typeOf(schema: Json): string {
  if (typeof schema['$ref'] === 'string') return linkTo(schema['$ref'].split('/').at(-1) ?? '');
  if ('const' in schema) return `\`${String(schema['const'])}\``;
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => `\`${String(value)}\``).join(', ');
  const choices = [...asList(schema['anyOf']), ...asList(schema['oneOf'])];
  if (choices.length > 0) return choices.map(typeOf).join(' or ');
  if (schema['type'] === 'array')
    return `list of ${typeOf(asMap(schema)['items'] ?? {})}${upTo(schema['maxItems'], 'entries')}`;
  if (schema['type'] === 'object') return typeOfMap(schema);
  if (schema['format'] === 'date-time') return 'time';
  if (schema['type'] === 'string') return `string${upTo(schema['maxLength'], 'characters')}`;
  return typeof schema['type'] === 'string' ? schema['type'] + rangeOf(schema) : 'any';
}

/** `, at most 100 entries`; empty without a limit. */
const upTo = (most: unknown, of: string): string => (typeof most === 'number' ? `, at most ${shown(most)} ${of}` : '');

/** ` from 1 to 100`; empty without limits. */
function rangeOf({ minimum, maximum }: Json): string {
  if (typeof minimum !== 'number' || minimum === Number.MIN_SAFE_INTEGER) return '';
  const most = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? ` to ${shown(maximum)}` : '';
  return ` from ${shown(minimum)}${most}`;
}

const shown = (number: number): string => number.toLocaleString('en-US');

function typeOfMap(schema: Json): string {
  const fields = Object.keys(asMap(schema['properties']));
  if (fields.length > 0) return `map with ${fields.map((name) => `\`${name}\``).join(', ')}`;
  return `map of ${typeOf(asMap(schema)['additionalProperties'] ?? {})}${upTo(schema['maxProperties'], 'entries')}`;
}

const linkTo = (name: string): string => `[${name}](#${name.toLowerCase()})`;

/** The rows of a table of fields: name (with dots for inner maps), type, whether it is always present, description. */
export function fieldRows(schema: Json, prefix = ''): string[][] {
  const required = new Set(Array.isArray(schema['required']) ? (schema['required'] as string[]) : []);
  return Object.entries(asMap(schema['properties'])).flatMap(([name, field]) => {
    const item = field['type'] === 'array' ? (asMap(field)['items'] ?? {}) : field;
    const inner = Object.keys(asMap(item['properties'])).length > 0;
    const path = `${prefix}${name}`;
    const type = inner ? (item === field ? 'map' : 'list of maps') : typeOf(field);
    const row = [`\`${path}\``, type, required.has(name) ? 'yes' : '', cell(field['description'])];
    return inner ? [row, ...fieldRows(item, `${path}${item === field ? '.' : '[].'}`)] : [row];
  });
}

/** A text as a cell of a table. */
export const cell = (text: unknown): string =>
  typeof text === 'string' ? text.replace(/\s+/g, ' ').replaceAll('|', '\\|') : '';
