import { quote } from './mistakes.js';
import { dnsLabel, outputKey } from './names.js';

/** `${{ jobs.NAME.outputs.KEY }}`: an output of a dependency of the job that refers to it. */
export interface OutputReference {
  job: string;
  key: string;
  /** `or "text"`: the value if the job has no such output. */
  fallback?: string;
}

const opening = '${{';
const closing = '}}';

/** Whether the text has a reference, or something meant as one. */
export const hasReference = (text: string): boolean => text.includes(opening);

/** Whether a text in which nothing is resolved seems to refer to an output. */
export const namesOutput = (text: string): boolean => /\$\{\{\s*jobs\./.test(text);

/**
 * Splits a text into literal parts and references. `${{` cannot be escaped: each one begins a reference. The mistake is
 * a sentence about the first invalid one.
 */
export function parseReferences(text: string): { parts: readonly (string | OutputReference)[] } | { mistake: string } {
  const parts: (string | OutputReference)[] = [];
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf(opening, at);
    if (start !== at) parts.push(text.slice(at, start < 0 ? undefined : start));
    if (start < 0) return { parts };
    form.lastIndex = start;
    const found = form.exec(text);
    const [, job = '', key = '', quoted] = found ?? [];
    if (!found || !dnsLabel.test(job) || !outputKey.test(key)) return { mistake: mistakeOf(text.slice(start)) };
    if (quoted?.includes(opening))
      return { mistake: 'has a reference in the default text of an "or", which must be plain text' };
    parts.push({ job, key, ...(quoted !== undefined && { fallback: quoted.replaceAll(/\\(.)/gs, '$1') }) });
    at = form.lastIndex;
  }
  return { parts };
}

/** A reference with its brackets. In the text of an `or`, `\"` and `\\` stand for a quote and a backslash. */
const form = /\$\{\{\s*jobs\.([^.\s}]+)\.outputs\.([^.\s}]+)(?:\s+or\s+"((?:[^"\\]|\\["\\])*)")?\s*\}\}/y;

/** @param rest the text from the invalid reference on */
function mistakeOf(rest: string): string {
  const end = rest.indexOf(closing);
  if (end < 0) return `has "${opening}" without a closing "${closing}"`;
  const inner = rest.slice(opening.length, end);
  const must = `${quote(rest.slice(0, end + closing.length))} must be of the form \${{ jobs.NAME.outputs.KEY }}`;
  const hasOr = /\s(?:or|\|\|)\s/.test(inner);
  return must + (hasOr ? ` or \${{ jobs.NAME.outputs.KEY or "text" }}, ${textHint}` : secretHint(inner));
}

const textHint = 'with \\" for a quote and \\\\ for a backslash in the text';

/** A hint for users of other systems. */
const secretHint = (inner: string): string =>
  /^\s*secrets?\b/.test(inner) ? '; a secret is a map in env: { TOKEN: { secret: NAME } }' : '';

/** The references in a text that was checked. */
export function referencesIn(text: string): readonly OutputReference[] {
  if (!hasReference(text)) return [];
  const parsed = parseReferences(text);
  if ('mistake' in parsed) throw new Error(`a text ${parsed.mistake}: the pipeline was not checked`);
  return parsed.parts.filter((part) => typeof part !== 'string');
}
