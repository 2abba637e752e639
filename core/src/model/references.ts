import { quote } from './mistakes.js';
import { dnsLabel, outputKey } from './names.js';

/** `${{ jobs.NAME.outputs.KEY }}`: an output of a job that the one which refers to it waits for. */
export interface OutputReference {
  job: string;
  key: string;
}

const opening = '${{';
const closing = '}}';

/** Whether anything in the text has to be looked up, or is meant to be. */
export const hasReference = (text: string): boolean => text.includes(opening);

/** Whether a text, in which nothing is looked up, has what looks like a reference to an output. */
export const namesOutput = (text: string): boolean => /\$\{\{\s*jobs\./.test(text);

/**
 * Takes a text apart into what stands as it is and what is looked up. There is no way to write `${{` otherwise: every
 * one of them begins a reference. A mistake is a sentence about the first one that is none.
 */
export function parseReferences(text: string): { parts: readonly (string | OutputReference)[] } | { mistake: string } {
  const parts: (string | OutputReference)[] = [];
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf(opening, at);
    if (start !== at) parts.push(text.slice(at, start < 0 ? undefined : start));
    if (start < 0) return { parts };
    const end = text.indexOf(closing, start);
    if (end < 0) return { mistake: `has "${opening}" without "${closing}" behind it` };
    const inner = text.slice(start + opening.length, end);
    const [, job = '', key = ''] = /^\s*jobs\.([^.\s]+)\.outputs\.([^.\s]+)\s*$/.exec(inner) ?? [];
    if (!dnsLabel.test(job) || !outputKey.test(key)) {
      return {
        mistake: `${quote(text.slice(start, end + closing.length))} must be of the form \${{ jobs.NAME.outputs.KEY }}${secretHint(inner)}`,
      };
    }
    parts.push({ job, key });
    at = end + closing.length;
  }
  return { parts };
}

/** For those who know other engines. */
const secretHint = (inner: string): string =>
  /^\s*secrets?\b/.test(inner) ? '; a secret is a map in env: { TOKEN: { secret: NAME } }' : '';

/** The references in a text that was checked; none where it has none. */
export function referencesIn(text: string): readonly OutputReference[] {
  if (!hasReference(text)) return [];
  const parsed = parseReferences(text);
  if ('mistake' in parsed) throw new Error(`a text ${parsed.mistake}: the pipeline was not checked`);
  return parsed.parts.filter((part) => typeof part !== 'string');
}
