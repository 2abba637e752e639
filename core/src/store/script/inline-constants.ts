import { createHash } from 'node:crypto';
import type { Script } from './scripts.js';

/** `local A, B = 1, 2`, as the constants of the script are defined. */
const definition = /^local ([A-Z][A-Z_, ]*) = ([\d, ]+?)(?: --.*)?\n/gm;
/** `local JOB = { PENDING = 0, RUNNING = 1 }`: what is only used by the name of one of its fields. */
const table = /^local ([A-Z]+) = \{ ((?:\w+ = (?:\d+|'[^']*')(?:, )?)+) \}\n/gm;
/** A text, which is left as it is, or a name that may be one of a constant. */
const nameOrText = /'(?:[^'\\\n]|\\.)*'|(?<![\w.])[A-Z][A-Z_]+(?:\.\w+)?\b/g;
const comment = /^\s*--.*\n/gm;

/**
 * The same script with the values of its constants in their places. Redis runs all of a script with each call of it:
 * a definition costs each time, and a value in its place nothing (ADR 9 has the figures).
 */
export function inlineConstants({ text: written }: Script): Script {
  const values = new Map<string, string>();
  const text = written
    .replace(comment, '')
    .replace(definition, (_line, names: string, numbers: string) => {
      const each = numbers.split(', ');
      names.split(', ').forEach((name, at) => values.set(name, each[at] ?? ''));
      return '';
    })
    .replace(table, (_line, name: string, fields: string) => {
      for (const field of fields.split(', ')) {
        const [key = '', value = ''] = field.split(' = ');
        values.set(`${name}.${key}`, value);
      }
      return '';
    })
    .replace(nameOrText, (found) => values.get(found) ?? found);
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
