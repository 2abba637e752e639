import { expect } from 'chai';
import { composeLibrary, libraryOf, type Library } from '../../../src/store/script/library.js';

/** The library with limits so small that every larger run reaches all of them. */
export function libraryOfSmallCalls({ body } = composeLibrary()): Library {
  const small = {
    edges: 4,
    edges_page: 2,
    todo_page: 2,
    // As many as the most slots of a random case: a call always hands out that many of a run.
    bundle: 4,
    slice: 4,
    queued: 5,
    ready_at_once: 3,
  };
  return libraryOf(
    body.replace(/^local LIMIT = .*$/m, (limits) =>
      Object.entries(small).reduce((line, [name, value]) => {
        const limit = new RegExp(`\\b${name} = \\d+`);
        expect(line).to.match(limit);
        return line.replace(limit, `${name} = ${value}`);
      }, limits),
    ),
  );
}

/** The library with a mistake: `right`, which occurs in it once, is replaced by `wrong`. */
export function libraryWithMistake(right: string, wrong: string, { body } = composeLibrary()): Library {
  const parts = body.split(right);
  expect(parts, `the places of "${right}" in the library, and one more`).to.have.length(2);
  return libraryOf(parts.join(wrong));
}
