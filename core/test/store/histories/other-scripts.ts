import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { composeScript, type Script } from '../../../src/store/script/scripts.js';

const scriptOf = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') });

/** The script with limits so small that every larger run meets all of them. */
export function scriptOfSmallCalls({ text: original } = composeScript()): Script {
  const limits = new Map([
    ['EDGES_MAX', 4],
    ['EDGES_PAGE', 2],
    ['TODO_PAGE', 2],
    // As many as a random case has slots at most: a call always hands out that many of a run, whatever else it does.
    ['BUNDLE_MAX', 4],
    ['QUEUED_MAX', 5],
    ['READY_AT_ONCE', 3],
  ]);
  const missing = new Set(limits.keys());
  const definitions = /^local ([A-Z][A-Z_, ]*) = ([\d, ]+)$/gm;
  const text = original.replace(definitions, (_line, names: string, values: string) => {
    const numbers = values.split(', ');
    const small = names.split(', ').map((name, at) => (missing.delete(name) ? limits.get(name)! : numbers[at]!));
    return `local ${names} = ${small.join(', ')}`;
  });
  expect([...missing], 'limits that the script does not have').to.eql([]);
  return scriptOf(text);
}

/** The script with a mistake: `right`, which it has once, is `wrong`. */
export function scriptWithMistake(right: string, wrong: string, { text } = composeScript()): Script {
  const parts = text.split(right);
  expect(parts, `the places of "${right}" in the script, and one more`).to.have.length(2);
  return scriptOf(parts.join(wrong));
}
