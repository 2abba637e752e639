import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { maxLineBytes, splitLines } from '../src/split-lines.js';

/** Splits output that comes in pieces, as a reader does. */
function splitPieces(pieces: readonly Uint8Array[]): { text: string; newline: boolean }[] {
  let rest = Buffer.alloc(0);
  return [...pieces, Buffer.alloc(0)].flatMap((piece, index) => {
    const { lines, consumed } = splitLines(Buffer.concat([rest, piece]), index === pieces.length);
    rest = Buffer.concat([rest, piece]).subarray(consumed);
    return lines;
  });
}

describe('splitting output into lines', () => {
  it('gives the same lines however the output is cut into pieces', () => {
    const piece = fc.stringMatching(/^[ab\n€]{0,12}$/).map((text) => Buffer.from(text));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(40), { maxLength: 6 }), (pieces, cuts) => {
        const whole = Buffer.concat(pieces);
        const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
        const cutPieces = places.slice(1).map((end, index) => whole.subarray(places[index], end));
        expect(splitPieces(cutPieces)).to.deep.equal(splitPieces([whole]));
        const joined = splitPieces([whole]).map(({ text, newline }) => (newline ? `${text}\n` : text));
        expect(joined.join('')).to.equal(whole.toString());
      }),
    );
  });

  it('keeps an unfinished line until it is finished or the output ends', () => {
    const bytes = Buffer.from('one\ntwo');
    expect(splitLines(bytes, false)).to.deep.equal({ lines: [{ text: 'one', newline: true }], consumed: 4 });
    expect(splitLines(bytes, true).lines[1]).to.deep.equal({ text: 'two', newline: false });
  });

  it('splits a line that is too long between characters', () => {
    const text = `a${'€'.repeat(maxLineBytes)}`;
    const { lines } = splitLines(Buffer.from(`${text}\n`), true);
    expect(lines.map((line) => line.text).join('') === text).to.equal(true);
    expect(lines.map(({ newline }) => newline)).to.deep.equal([false, false, false, true]);
    for (const line of lines) expect(Buffer.byteLength(line.text)).to.be.at.most(maxLineBytes);
  });

  it('leaves a line of exactly the greatest length whole', () => {
    const text = 'x'.repeat(maxLineBytes);
    expect(splitLines(Buffer.from(`${text}\n`), false).lines).to.deep.equal([{ text, newline: true }]);
  });
});
