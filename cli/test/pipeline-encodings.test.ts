import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { chainr } from './test-terminal.js';

const yaml = (word: string): string => `kind: Pipeline\njobs:\n  only: {image: busybox, run: "echo ${word}"}\n`;

/** Little-endian. */
const utf32 = (text: string): Buffer =>
  Buffer.from(Uint32Array.from(text, (character) => character.codePointAt(0) ?? 0).buffer);

/** Encodings in which a file may be saved, and the expected message. */
const encodings: Record<string, [Buffer, RegExp]> = {
  'ISO-8859-1': [Buffer.from(yaml('größe'), 'latin1'), /is not valid UTF-8 in line 3\. .*iconv -f ISO-8859-1 -t UTF-8/],
  'UTF-16, little-endian': [
    Buffer.from(`\uFEFF${yaml('größe')}`, 'utf16le'),
    /is UTF-16, not UTF-8\. .*iconv -f UTF-16/,
  ],
  'UTF-16, big-endian': [
    Buffer.from(`\uFEFF${yaml('ok')}`, 'utf16le').swap16(),
    /is UTF-16, not UTF-8\. .*iconv -f UTF-16/,
  ],
  // Without a mark, and all of it ASCII: valid UTF-8 with a zero byte in each character.
  'UTF-16LE without a mark': [Buffer.from(yaml('ok'), 'utf16le'), /is UTF-16LE, not UTF-8\. .*iconv -f UTF-16LE/],
  'UTF-16BE without a mark': [
    Buffer.from(yaml('größe'), 'utf16le').swap16(),
    /is UTF-16BE, not UTF-8\. .*iconv -f UTF-16BE/,
  ],
  'UTF-32': [utf32(`\uFEFF${yaml('größe')}`), /is UTF-32, not UTF-8\. .*iconv -f UTF-32 /],
  'UTF-32LE without a mark': [utf32(yaml('ok')), /is UTF-32LE, not UTF-8\. .*iconv -f UTF-32LE/],
  'UTF-32BE without a mark': [utf32(yaml('ok')).swap32(), /is UTF-32BE, not UTF-8\. .*iconv -f UTF-32BE/],
  'UTF-8 that was cut': [Buffer.from(yaml('ä')).subarray(0, -4), /is not valid UTF-8 in line 3\. /],
};

describe('a pipeline that is not UTF-8', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'chainr-encodings-'));
  });
  after(() => rm(folder, { recursive: true }));

  for (const [name, [bytes, sentence]] of Object.entries(encodings)) {
    it(`is refused with a message that says what to do: ${name}`, async () => {
      const file = path.join(folder, 'pipeline.yaml');
      await writeFile(file, bytes);
      // No request is sent: the address leads nowhere.
      for (const words of [['validate'], ['run', '--server', 'http://127.0.0.1:1']]) {
        const [command = '', ...options] = words;
        const read = chainr([command, file, ...options]);
        expect(await read.exitCode, read.stderr).to.equal(2);
        expect(read.stderr).to.match(sentence).and.to.contain(file);
        const piped = chainr([command, '-', ...options], { stdin: bytes });
        expect(await piped.exitCode, piped.stderr).to.equal(2);
        expect(piped.stderr).to.match(sentence).and.to.contain('standard input');
      }
    });
  }

  it('is not a file in UTF-8 with a byte order mark', async () => {
    const session = chainr(['validate', '-'], { stdin: Buffer.from(`\uFEFF${yaml('größe')}`) });
    expect(await session.exitCode, session.stderr).to.equal(0);
  });
});
