import { expect } from 'chai';
import fc from 'fast-check';
import { Mask } from '../src/mask/mask.js';
import { OutputMask } from '../src/mask/output-mask.js';
import { encodings, folded, type Encoded } from './encodings.js';

/** Characters that encoders treat differently, and some that they do not. */
const character = fc.constantFrom(...Array.from(`abcXYZ059-._~!*()/+=:@,;?#[]{}$%&<>"'\\|^\` äßéЖ€한😀`));
const secrets = fc
  .string({ unit: character, minLength: 8, maxLength: 60 })
  // A plus sign at an end counts like white space, which is not part of a secret.
  .filter((text) => /^[^\s+].*[^\s+]$/su.test(text) && text.replaceAll(/[\s+]+/g, ' ').length >= 8);
/** The text around a secret: nothing that could belong to an escape sequence in it. */
const around = fc.string({ unit: fc.constantFrom(...Array.from('GHIJKghijk 246.:ö\t')), maxLength: 40 });
const cuts = fc.array(fc.nat(), { maxLength: 6 });

/** Where the pieces of an output end: the places, modulo its length. */
const endsIn = (text: Buffer, places: readonly number[]): number[] =>
  [...places.map((place) => place % (text.length + 1)), text.length].sort((a, b) => a - b);

/** What the mask leaves of an output that comes in pieces. */
function toldInPieces(mask: Mask, text: Buffer, ends: readonly number[]): Buffer {
  const output = new OutputMask(mask, true);
  const told: Buffer[] = [];
  let from = 0;
  for (const to of ends) {
    const bytes = text.subarray(from, to);
    const chunks = bytes.length > 0 ? [{ time: 1, step: 'main', stream: 'stdout', bytes } as const] : [];
    const batch = output.add({ chunks, position: String(to) });
    told.push(...(batch?.chunks ?? []).map((chunk) => chunk.bytes));
    from = to;
  }
  told.push(...(output.rest()?.chunks ?? []).map((chunk) => chunk.bytes));
  return Buffer.concat(told);
}

/**
 * Expects that the secret is covered, and nothing else. If a piece of the output ends within the first four bytes of the
 * secret, which could be the beginning of anything, these may be shown.
 *
 * @param beginning how many bytes the first four bytes of the secret have in the encoded text
 */
function expectCovered(mask: Mask, encoded: Encoded, places: readonly number[], beginning: number): void {
  const { text, from, to } = encoded;
  const ends = endsIn(text, places);
  const begins = [from, ...ends.filter((end) => end > from && end < Math.min(to, from + beginning))];
  let left = begins.map((begin) => ({ told: text.toString('latin1', 0, begin), at: begin, isPadding: false }));
  // The padding of base64 and the line breaks before it have nothing of the secret. They may be shown if the output is split
  // there, at each place where it is.
  const padding = /^[\r\n=]+$/;
  for (const end of new Set(ends)) {
    if (end >= to || !padding.test(text.toString('latin1', end, to))) continue;
    const split = left.flatMap(({ told, at, isPadding }) => {
      if (end <= at) return [];
      const part = text.toString('latin1', at, end);
      const [breaks] = /[\r\n]*$/.exec(part) ?? [''];
      const covered = { told: `${told}***${breaks}`, at: end, isPadding: true };
      return isPadding && padding.test(part) ? [covered, { ...covered, told: told + part }] : [covered];
    });
    left = [...left, ...split];
  }
  const after = text.toString('latin1', to);
  const allowed = left.flatMap(({ told, at, isPadding }) => {
    const covered = `${told}***${after}`;
    return isPadding ? [covered, told + text.toString('latin1', at)] : [covered];
  });
  expect(allowed).to.include(toldInPieces(mask, text, ends).toString('latin1'));
}

describe('secrets in what encoders make of them', () => {
  for (const encoding of encodings) {
    const { name, foldsAnywhere } = encoding;
    // Two digits more, since a text may begin within a group of digits.
    const beginningOf = (secret: string): number =>
      2 + encoding.encode('', /^(?:[\s+]+|'+|[^\s+']){4}/u.exec(secret)?.[0] ?? '', '').text.length;

    it(`are covered, all of them and nothing else, wherever the output is split: ${name}`, () => {
      fc.assert(
        fc.property(secrets, around, around, cuts, (secret, before, after, places) => {
          expectCovered(new Mask([secret]), encoding.encode(before, secret, after), places, beginningOf(secret));
        }),
      );
    });

    it(`are covered when it is broken into lines: ${name}`, () => {
      const widths = fc.integer({ min: foldsAnywhere ? 1 : 8, max: 80 });
      const lineBreaks = fc.constantFrom('\n', '\r\n');
      fc.assert(
        fc.property(secrets, around, around, cuts, widths, lineBreaks, (secret, before, after, places, width, end) => {
          const encoded = folded(encoding.encode(before, secret, after), width, end);
          const beginning = beginningOf(secret) + 4 * Math.ceil(beginningOf(secret) / width);
          expectCovered(new Mask([secret]), encoded, places, beginning);
        }),
      );
    });

    it(`are covered line by line, where they have several: ${name}`, () => {
      fc.assert(
        fc.property(secrets, around, cuts, (secret, before, places) => {
          const mask = new Mask([`LMNOPQRS\n  ${secret}\nTUVW`]);
          expectCovered(mask, encoding.encode(before, secret, ''), places, beginningOf(secret));
        }),
      );
    });
  }

  it('are not seen in outputs that have none, which stay as they are, byte by byte', () => {
    const outputs = fc.oneof(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.string({
        unit: fc.constantFrom(...Array.from(`abcdefABCDEF0123456789+/=%\\u&#x;'"<>{}:, \r\n`)),
        maxLength: 2_000,
      }),
    );
    const mask = new Mask(['Zq9$kV2!wX7', 'erst Zq8$kV\nsecond of Wv7$\nüber Ju4$']);
    fc.assert(
      fc.property(outputs, cuts, (output, places) => {
        const bytes = Buffer.from(output as Uint8Array);
        expect(toldInPieces(mask, bytes, endsIn(bytes, places)).equals(bytes)).to.equal(true);
      }),
    );
  });

  it('are not seen in columns of numbers', () => {
    const column = Array.from({ length: 2_000 }, (_, number) => `${String(number)}\n`).join('');
    expect(new Mask(['10111213', '20212223']).text(column)).to.equal(column);
  });

  it('are found however many lines a secret has, each of them', () => {
    const lines = Array.from(
      { length: 2_500 },
      (_, line) => `line ${String((line * 7_919) % 10_007)} of the key: ${'x'.repeat(line % 7)}`,
    );
    const mask = new Mask([lines.join('\n')]);
    for (const line of lines) expect(mask.text(`a ${line}, b`)).to.match(/^a \*\*\* ?, b$/);
    expect(mask.text(Buffer.from(lines.join('\n').trim()).toString('base64'))).to.equal('***');
  });
});
