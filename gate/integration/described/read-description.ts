import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';

export type Json = Record<string, unknown>;

/** One parameter of an operation, or a header of an answer. */
export interface Described {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: Json;
}

interface Body {
  required?: boolean;
  content: Record<string, { schema: Json }>;
}

interface Response {
  description: string;
  headers?: Record<string, Json>;
  content: Record<string, { schema: Json }>;
}

/** What an OpenAPI document says of one operation. */
export interface Operation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Described[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Response>>;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Headers that are sent nowhere but where the document says so. */
const toldHeaders = /^(x-chainr-.*|location|retry-after|allow|www-authenticate)$/;

/** An OpenAPI document as somebody reads it who has nothing else. */
export class Description {
  readonly operations: readonly Operation[];
  readonly #components: Record<string, Record<string, Json>>;

  constructor(document: Json) {
    this.#components = document['components'] as Record<string, Record<string, Json>>;
    const paths = document['paths'] as Record<string, Record<string, Omit<Operation, 'method' | 'path'>>>;
    this.operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
    );
  }

  operation(id: string): Operation {
    const found = this.operations.find(({ operationId }) => operationId === id);
    if (!found) throw new Error(`The document has no operation ${id}.`);
    return found;
  }

  /** Follows a reference to another place of the document. */
  resolve(part: Json): Json {
    if (typeof part['$ref'] !== 'string') return part;
    const [, , kind = '', name = ''] = part['$ref'].split('/');
    const found = this.#components[kind]?.[name];
    if (!found) throw new Error(`The document has nothing at ${part['$ref']}.`);
    return found;
  }

  /** Whether a value is as a schema of the document says. @param strict whether other fields than the named are wrong */
  allows(schema: Json, value: unknown, strict = false): boolean {
    return this.#mistakeIn(schema, value, strict) === undefined;
  }

  /** In what an answer differs from what the document says of its operation; one sentence each. */
  differences({ responses }: Operation, { status, headers, text }: Answer): string[] {
    const response = responses[status];
    if (!response) return [`answers ${String(status)}, which is not declared: ${text.slice(0, 200)}`];
    const found: string[] = [];
    const declared = Object.fromEntries(
      Object.entries(response.headers ?? {}).map(([name, header]) => [name.toLowerCase(), this.resolve(header)]),
    );
    for (const [name, { required, schema }] of Object.entries(declared)) {
      const value = headers[name];
      if (value === undefined && required === true) found.push(`has no header ${name}`);
      if (value !== undefined && !this.allows(schema as Json, value)) found.push(`has ${name}: ${String(value)}`);
    }
    for (const name of Object.keys(headers))
      if (toldHeaders.test(name) && !(name in declared)) found.push(`has the header ${name}, which is not declared`);
    const type = headers['content-type']?.split(';', 1).join('') ?? '';
    const content = response.content[type];
    if (!content) return [...found, `has the content type ${JSON.stringify(type)}, which is not declared`];
    return [...found, ...this.#differencesOfBody(response, content.schema, type, text)].map(
      (difference) => `${String(status)} ${difference}`,
    );
  }

  #differencesOfBody({ description }: Response, schema: Json, type: string, text: string): string[] {
    const values: unknown[] = [];
    if (type === 'application/json') values.push(JSON.parse(text));
    else if (type === 'application/x-ndjson')
      values.push(...text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown])));
    else values.push(text);
    const found = values.flatMap((value) => {
      const mistake = this.#mistakeIn(schema, value, true);
      return mistake === undefined
        ? []
        : [`body is not as declared: ${mistake} ${JSON.stringify(value).slice(0, 300)}`];
    });
    const [first] = values as { kind?: unknown; code?: unknown }[];
    const isError = first?.kind === 'Error';
    if (isError && !description.includes(`\`${String(first.code)}\``))
      found.push(`code ${String(first.code)} is not declared`);
    return found;
  }

  #mistakeIn(schema: Json, value: unknown, strict: boolean): string | undefined {
    const read = this.#compile(schema, strict).safeParse(value);
    return read.success ? undefined : z.prettifyError(read.error).replaceAll('\n', ' ');
  }

  readonly #compiled = new Map<string, z.ZodType>();

  #compile(schema: Json, strict: boolean): z.ZodType {
    const text = `${String(strict)} ${JSON.stringify(schema)}`;
    const known = this.#compiled.get(text);
    if (known) return known;
    const $defs = this.#components['schemas'];
    const whole = JSON.stringify({ ...schema, $defs }).replaceAll('"#/components/schemas/', '"#/$defs/');
    const compiled = z.fromJSONSchema(JSON.parse(whole, (_key, part: unknown) => prepare(part, strict)) as Json);
    this.#compiled.set(text, compiled);
    return compiled;
  }
}

const anything: Json = { type: ['string', 'number', 'boolean', 'null', 'array', 'object'] };

/**
 * What zod reads otherwise than JSON Schema means it: it takes a default for what is missing, looks for what is required
 * only where that has a schema too, and knows no `not`, which only names of jobs and steps have.
 */
function prepare(part: unknown, strict: boolean): unknown {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
  const { default: _default, not: _not, ...schema } = part as Json;
  const { required = [], properties } = schema as { required?: string[]; properties?: Json };
  const isMap = schema['type'] === 'object' && properties !== undefined;
  if (required.length > 0 || isMap) {
    const others = Object.fromEntries(required.map((name) => [name, anything]));
    Object.assign(schema, { type: 'object', properties: { ...others, ...properties } });
  }
  return strict && isMap ? { additionalProperties: false, ...schema } : schema;
}
