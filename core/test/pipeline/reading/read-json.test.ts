import { expect } from 'chai';
import fc from 'fast-check';
import { parsePipelineText } from '../../../src/pipeline/reading/parse-pipeline.js';
import { syntaxErrorOf } from './syntax-error-of.js';

const json = (text: string): unknown => parsePipelineText(text, 'application/json');

/** What JSON.parse gives, with Maps instead of objects. */
function withMaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMaps);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, field]) => [key, withMaps(field)]));
}

describe('a pipeline in JSON', () => {
  it('accepts everything that JSON.parse accepts, with the same result', () => {
    fc.assert(
      fc.property(fc.json({ depthSize: 'medium' }), fc.constantFrom(0, 2), (text, indent) => {
        // Serialized once more, since readJson refuses an object that has a key twice.
        const value = JSON.parse(text) as unknown;
        expect(json(JSON.stringify(value, null, indent))).to.deep.equal(withMaps(value));
      }),
    );
  });

  it('refuses everything that JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '\\',
      '\\u12',
      '1',
      '01',
      '-',
      '1.',
      '.5',
      '1e',
      'tru',
      'true',
      'null',
      ' ',
      '\t',
      '\u0001',
      '\u00a0',
      "'",
      '//',
    );
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join('')),
        (text) => {
          let known: unknown;
          try {
            known = JSON.parse(text);
          } catch {
            syntaxErrorOf(() => json(text));
            return;
          }
          expect(json(text)).to.deep.equal(withMaps(known));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('keeps the order of names that JavaScript would sort', () => {
    const read = json('{"b": 1, "10": 2, "9": 3}') as Map<string, unknown>;
    expect([...read.keys()]).to.deep.equal(['b', '10', '9']);
  });

  it('treats __proto__ like any other name', () => {
    expect(json('{"__proto__": {"polluted": true}}')).to.deep.equal(
      new Map([['__proto__', new Map([['polluted', true]])]]),
    );
    expect('polluted' in {}).to.equal(false);
  });

  it('refuses a duplicate job, with its place', () => {
    const error = syntaxErrorOf(() => json('{\n  "first": 1,\n  "first": 2\n}'));
    expect(error.message).to.equal('not JSON: the name "first" appears twice in one object (line 3, column 3)');
    expect([error.line, error.column]).to.deep.equal([3, 3]);
  });

  it('says what it expected, with the place', () => {
    expect(syntaxErrorOf(() => json('{"kind": "Pipeline",\n}')).message).to.equal(
      'not JSON: expected a name in double quotes, but found "}" (line 2, column 1)',
    );
    expect(syntaxErrorOf(() => json('')).message).to.contain('expected a value, but found the end');
    expect(syntaxErrorOf(() => json('{} {}')).message).to.contain('more text follows');
  });

  it('refuses a document that is nested too deeply, however deep', () => {
    expect(syntaxErrorOf(() => json('['.repeat(1_000_000))).message).to.contain('nested deeper than 32 levels');
  });

  it('reads a text that begins with a byte order mark', () => {
    expect(json('\ufeff{}')).to.deep.equal(new Map());
  });
});
