/**
 * Writes docs/api.md from the OpenAPI document, which is made from the table of routes: one source for the server, its
 * clients and this page. With --check fails if it is stale.
 */
import { errorCodes } from '../core/src/api/contract/errors.js';
import { refusals } from '../core/src/engine/refusals.js';
import { errorsEverywhere, openApiDocument } from '../core/src/api/server/openapi.js';
import type { Route } from '../core/src/api/contract/route.js';
import { routes } from '../core/src/api/contract/routes.js';
import { asMap, cell, fieldRows, typeOf, type Json } from './describe-schema.js';
import { markdownTable, writePage } from './markdown-page.js';

interface Operation {
  method: string;
  path: string;
  operation: Json;
}

// The version changes with each release, the page only with the routes.
const document = openApiDocument('');
const components = asMap(document['components']);
const schemas = asMap(components['schemas']);
const commonHeaders = asMap(components['headers']);

const operations = Object.entries(asMap(document['paths'])).flatMap(([path, methods]) =>
  Object.entries(asMap(methods)).map(([method, operation]): Operation => ({
    method: method.toUpperCase(),
    path,
    operation,
  })),
);

const idOf = ({ operation }: Operation): string => String(operation['operationId']);

const overview = operations.map((each) => [
  each.method,
  `\`${each.path}\``,
  `[${idOf(each)}](#${idOf(each).toLowerCase()})`,
  cell(each.operation['summary']),
]);

function sectionOf(each: Operation): string {
  const { operation, method, path } = each;
  return [
    `### ${idOf(each)}`,
    `\`${method} ${path}\``,
    String(operation['summary']),
    ...parametersOf(operation),
    ...bodyOf(operation),
    ...answersOf(operation),
    ...errorsOf(routes[idOf(each) as keyof typeof routes]),
  ].join('\n\n');
}

function parametersOf(operation: Json): string[] {
  const parameters = (operation['parameters'] ?? []) as Json[];
  if (parameters.length === 0) return [];
  const rows = parameters.map(({ name, in: place, schema, description, required }) => {
    const { default: value } = schema as Json;
    const shown = value === undefined ? (required === true ? 'required' : '') : `\`${JSON.stringify(value)}\``;
    return [`\`${String(name)}\``, String(place), typeOf(schema as Json), shown, cell(description)];
  });
  return [markdownTable(['parameter', 'in', 'type', 'default', 'description'], rows)];
}

function bodyOf(operation: Json): string[] {
  const content = asMap(asMap(operation['requestBody'])['content']);
  const [first] = Object.values(content);
  if (!first) return [];
  const types = Object.keys(content).map((type) => `\`${type}\``);
  const fields = asMap(asMap(first)['schema']);
  const empty = 'properties' in fields && Object.keys(asMap(fields['properties'])).length === 0;
  const type = empty ? 'no field' : typeOf(fields);
  return [
    `Body: ${type}; \`Content-Type\`: ${types.join(', ')}. ${cell(asMap(operation['requestBody'])['description'])}`,
  ];
}

function answersOf(operation: Json): string[] {
  const answers = Object.entries(asMap(operation['responses'])).filter(([status]) => status.startsWith('2'));
  return answers.map(([status, { description, content, headers }]) => {
    const bodies = Object.entries(asMap(content)).map(
      ([type, { schema }]) => `${typeOf((schema ?? {}) as Json)} as \`${type}\``,
    );
    const own = Object.entries(asMap(headers)).filter(([name]) => !(name in commonHeaders));
    const named = own.map(([name, header]) => `- \`${name}\`: ${cell(header['description'])}`);
    const answer = `Response: ${status}, ${bodies.join(', ')}. ${cell(description)}`;
    return named.length > 0 ? `${answer} Headers:\n\n${named.join('\n')}` : answer;
  });
}

/** The errors of this operation, without those that any operation may have. */
function errorsOf({ errors }: Route): string[] {
  const own = errors.filter((code) => !errorsEverywhere.includes(code)).map((code) => `\`${code}\``);
  return own.length > 0 ? [`Further errors: ${own.join(', ')}.`] : [];
}

function schemaSection([name, schema]: [string, Json]): string {
  const rows = fieldRows(schema);
  const variants = ((schema['oneOf'] ?? schema['anyOf'] ?? []) as Json[]).map((variant) =>
    [cell(variant['description']), markdownTable(fieldHead, fieldRows(variant))].filter(Boolean).join('\n\n'),
  );
  const told = rows.length > 0 ? [markdownTable(fieldHead, rows)] : variants;
  return [`### ${name}`, ...(schema['description'] ? [cell(schema['description'])] : []), ...told].join('\n\n');
}

const fieldHead = ['field', 'type', 'always present', 'description'];
const codeRows = Object.entries(errorCodes).map(([code, { status, doc }]) => {
  const everywhere = (errorsEverywhere as readonly string[]).includes(code) ? 'yes' : '';
  return [`\`${code}\``, String(status), everywhere, doc];
});
const refusalRows = Object.entries(refusals).map(([kind, doc]) => [`\`${kind}\``, doc]);
// The pipeline has its own page.
const resources = Object.entries(schemas).filter(([name]) => name !== 'Pipeline');

await writePage(
  'docs/api.md',
  `# The API

<!-- Made by \`make generate\` from core/src/api/contract/routes.ts. -->

A server serves the same description as OpenAPI 3.1 at \`GET /api/openapi.json\`. Every time is ISO 8601 in UTC with milliseconds. If the server was
given a token, every request must send it: \`Authorization: Bearer …\`. Every error is an [Error](#error). Every response has the headers
${Object.entries(commonHeaders)
  .map(([name, header]) => `\`${name}\` (${cell(header['description']).replace(/\.$/, '')})`)
  .join(' and ')}.

${markdownTable(['method', 'path', 'operation', 'description'], overview)}

## Errors

${markdownTable(['code', 'status', 'any operation', 'meaning'], codeRows)}

An error may also have a \`refusal\`, which is more precise. Programs should read these fields, never the text of \`message\`: it may change.

${markdownTable(['refusal', 'meaning'], refusalRows)}

## Operations

${operations.map(sectionOf).join('\n\n')}

## Resources

### Pipeline

The pipeline to run: [pipelines.md](pipelines.md) describes it, [pipeline.schema.json](../core/schema/pipeline.schema.json) is its JSON Schema, and [examples](../examples) has examples.

${resources.map(schemaSection).join('\n\n')}
`,
);
