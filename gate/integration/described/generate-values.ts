import fc from 'fast-check';
import type { Description, Json } from './read-description.js';

/** Texts that are wrong in some way wherever a form is asked for. */
const oddTexts: readonly string[] = [
  '', ' ', '0', '-1', '+1', '1.5', '1e3', '01', '99999999999999999', 'true ', 'TRUE', 'yes', 'null', '-', '=', '==', 'a=b=c',
  '=a', '-a=b', 'Night', 'a*b', '**', 'é', 'x'.repeat(300), '2026-02-31', '2026-13-01', '2026-11-21T24:00Z', '1w', '1h1d',
  'h', '1-', '-0', '1-0.', '1-0-0', 'Latest', 'latest1', 'NOPE', '[]', '{}', '__proto__', '\u{1f600}',
]; // prettier-ignore

/** Bodies that are wrong, or right, for one route or another. */
export const oddBodies: readonly unknown[] = [
  {},
  null,
  [],
  [{}],
  1,
  'failed',
  true,
  { unexpected: true },
  { from: null },
  { from: 1 },
  { from: [] },
  { from: {} },
  { from: 'some' },
  { from: ['first', 2] },
  { from: ['x'.repeat(2_000)] },
  { from: 'all', unexpected: true },
  { From: 'all' },
  { kind: 'Pipeline' },
  { kind: 'Pipeline', jobs: [] },
  { kind: 'Pipeline', jobs: { a: { image: 'busybox' } }, unexpected: 1 },
  { kind: 'pipeline', jobs: { a: { image: 'busybox' } } },
  { kind: 'Pipeline', jobs: { 'A B': { image: 'busybox' } } },
  { kind: 'Pipeline', timeout: '1w', jobs: { a: { image: 'busybox' } } },
  { kind: 'Pipeline', metadata: { labels: { '-': 'a' } }, jobs: { a: { image: 'busybox' } } },
];

/** What a schema allows. @param words what stands for a text of which the schema says nothing */
export function allowed(description: Description, part: Json, words: readonly string[]): fc.Arbitrary<unknown> {
  const schema = description.resolve(part);
  const inner = (each: Json): fc.Arbitrary<unknown> => allowed(description, each, words);
  if (Array.isArray(schema['examples'])) return fc.constantFrom<unknown>(...(schema['examples'] as unknown[]));
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom<unknown>(...(schema['enum'] as unknown[]));
  const choices = (schema['anyOf'] ?? schema['oneOf']) as Json[] | undefined;
  if (choices) return fc.oneof(...choices.map(inner));
  const { minimum, maximum, pattern, properties, items } = schema as { minimum?: number; maximum?: number } & Json;
  switch (schema['type']) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.oneof(
        fc.constantFrom(minimum ?? 0, maximum ?? 0),
        fc.integer({ min: minimum ?? 0, max: maximum ?? 0 }),
      );
    case 'array':
      return fc.array(inner(items as Json), { minLength: 1, maxLength: 3 });
    case 'object': {
      const fields = Object.entries((properties ?? {}) as Record<string, Json>);
      const required = (schema['required'] ?? []) as string[];
      return fc.record(Object.fromEntries(fields.map(([name, field]) => [name, inner(field)])), {
        requiredKeys: required,
      });
    }
    case 'string':
      return typeof pattern === 'string'
        ? matching(pattern).filter((text) => description.allows(schema, text))
        : fc.constantFrom(...words.filter((text) => description.allows(schema, text)));
    default:
      return fc.jsonValue();
  }
}

/** Texts of a form. Those that look ahead are found among those that do not. */
function matching(pattern: string): fc.Arbitrary<string> {
  const choices = pattern.split('$|^').map((part) => part.replace(/^\^?/, '^').replace(/\$?$/, '$'));
  const plain = choices.map((part) => new RegExp(part.replaceAll(/\(\?[=!](?:[^()\\]|\\.)*\)/g, '')));
  return fc.oneof(...plain.map((part) => fc.stringMatching(part))).filter((text) => new RegExp(pattern).test(text));
}

/**
 * Odd and random texts for a parameter, and whether its schema allows them. What it allows in large letters or without
 * spaces around, and what may be several, is left out: servers may be lenient there.
 */
export function textsFor(description: Description, schema: Json, count: number): [text: string, isAllowed: boolean][] {
  const isAllowed = (text: string): boolean => description.allows(schema, valueOf(schema, text));
  const isNearly = (text: string): boolean => text.includes(',') || [text.trim(), text.toUpperCase().trim()].some(isAllowed); // prettier-ignore
  const random = fc.sample(fc.string({ minLength: 1, maxLength: 40 }), count);
  const texts = [...oddTexts, ...random].filter((text) => isAllowed(text) || !isNearly(text));
  return texts.map((text) => [text, isAllowed(text)]);
}

/** A text of an address or a header as the value that it stands for. */
function valueOf({ type }: Json, text: string): unknown {
  if (type === 'array') return [text];
  if (type === 'integer') return /^\d+$/.test(text) ? Number(text) : text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}
