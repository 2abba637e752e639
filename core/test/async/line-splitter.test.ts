import { expect } from 'chai';
import { LineSplitter } from '../../src/async/line-splitter.js';

describe('splitting a stream into lines', () => {
  const text = 'one\n\nzwölf €\nlast\nunfinished';

  it('gives the same lines wherever its parts end, inside a character too', () => {
    const bytes = Buffer.from(text);
    for (let size = 1; size <= bytes.length; size += 1) {
      const splitter = new LineSplitter();
      const lines: string[] = [];
      for (let at = 0; at < bytes.length; at += size) lines.push(...splitter.take(bytes.subarray(at, at + size)));
      expect(lines).to.deep.equal(['one', '', 'zwölf €', 'last']);
    }
  });
});
