import type { z } from 'zod';
import { suggestion } from '../did-you-mean.js';
import type { ForeignWords } from './foreign-words.js';
import { mostReported, quote, type MistakeList, type Path } from '../mistakes.js';

const words: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/**
 * The message of a zod issue in plain words, for schemas without their own message. No message of the library is shown.
 */
export function describeIssue(issue: z.core.$ZodRawIssue): string {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = words[issue.expected] ?? issue.expected;
      return input === undefined
        ? `is missing, it must be ${wanted}`
        : `must be ${wanted}, but is ${describeValue(input)}${issue.expected === 'string' ? textHint(input) : ''}`;
    }
    case 'invalid_value': {
      const wanted = issue.values.map((value) => JSON.stringify(value)).join(' or ');
      return input === undefined
        ? `is missing, it must be ${wanted}`
        : `must be ${wanted}, but is ${describeValue(input)}`;
    }
    case 'too_big':
      return sized(issue.origin, `at most ${String(issue.maximum)}`);
    case 'too_small':
      if (issue.origin === 'array' && issue.minimum === 1) return 'must not be empty';
      return sized(issue.origin, `at least ${String(issue.minimum)}`);
    case 'unrecognized_keys':
      return describeUnknown(issue.keys, []);
    default:
      return issue.input === undefined ? 'is missing' : `is invalid: ${describeValue(input)}`;
  }
}

/** One line per unknown field, as many as are shown: what chainr has in its place, or the nearest known field. */
export function describeUnknown(keys: readonly string[], known: readonly string[], foreign: ForeignWords = {}): string {
  const shown = keys.slice(0, mostReported);
  const mend = (key: string): string => {
    const hint = Object.hasOwn(foreign, key) ? foreign[key] : undefined;
    return hint === undefined ? suggestion(key, known) : `; ${hint}`;
  };
  return shown.map((key) => `unknown field ${quote(key)}${mend(key)}`).join('\n');
}

/** Names the kind of a value for a person. */
export function describeValue(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return `the text ${quote(value)}`;
  if (typeof value === 'number') return `the number ${String(value)}`;
  if (typeof value === 'boolean') return String(value);
  return 'a map';
}

/** The end of a sentence: how to write a non-text value as text. */
export function textHint(input: unknown): string {
  if (typeof input === 'number' || typeof input === 'boolean') return '; write it in quotes';
  return input === null ? '; write "" for an empty text' : '';
}

function sized(origin: string, bound: string): string {
  if (origin === 'array') return `must have ${bound} entries`;
  return origin === 'string' ? `must have ${bound} characters` : `must be ${bound}`;
}

/**
 * Adds zod's issues to the list. For a value that may be of several kinds, only the mistakes of the kind that it is, or
 * of several kinds of maps the one that knows most of its fields; for several unknown fields, each at its own path. Messages for unknown fields are lines, one for each key
 * (`describeUnknown`).
 */
export function addIssues(issues: readonly z.core.$ZodIssue[], path: Path, mistakes: MistakeList): void {
  for (const issue of issues) {
    const place = [...path, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
    if (issue.code === 'unrecognized_keys') {
      const lines = issue.message.split('\n');
      issue.keys.forEach((key, at) => {
        mistakes.add([...place, key], lines[at] ?? issue.message);
      });
    } else if (issue.code === 'invalid_key') {
      addIssues(issue.issues, place, mistakes);
    } else if (issue.code === 'invalid_union') {
      const [first, ...others] = issue.errors.filter((branch) => !branch.some(isOtherKind));
      const fitting = others.reduce(
        (best, branch) => (unknownIn(branch) < unknownIn(best) ? branch : best),
        first ?? [],
      );
      if (first) addIssues(fitting, place, mistakes);
      else mistakes.add(place, issue.message);
    } else {
      mistakes.add(place, issue.message);
    }
  }
}

/** Whether the value is not even of the kind that this branch of a union describes. */
function isOtherKind(issue: z.core.$ZodIssue): boolean {
  return (issue.code === 'invalid_type' || issue.code === 'invalid_value') && issue.path.length === 0;
}

/** How many fields of a map its schema does not know. */
const unknownIn = (issues: readonly z.core.$ZodIssue[]): number =>
  issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0), 0);
