import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { OutputChunk } from '../../src/port.js';
import { ContainerLog } from '../../src/kubernetes/output/container-log.js';
import { sinceTimeOf, type Mark } from '../../src/kubernetes/output/log-position.js';

const second = '2026-11-30T15:32:05';
const log = Buffer.from(
  [
    `${second}.100000000Z one\n`,
    `${second}.100000000Z two\n`,
    `${second}.100000000Z two\n`,
    `${second}.200000000Z \n`,
    `${second}.200000001Z a line with spaces and 2026-11-30T15:32:05Z in it\n`,
    `${second}.300000000Z no newline`,
  ].join(''),
);
const text = 'one\ntwo\ntwo\n\na line with spaces and 2026-11-30T15:32:05Z in it\nno newline';

/** Reads in parts of a size, from a mark on. */
function read(bytes: Buffer, size: number, from?: Mark): { text: string; marks: (Mark | undefined)[] } {
  const container = new ContainerLog('main', from);
  const marks: (Mark | undefined)[] = [];
  let all = '';
  for (let at = 0; at < bytes.length; at += size) {
    all += show(container.take(bytes.subarray(at, at + size)));
    marks.push(container.mark);
  }
  expect(container.sentence).to.equal('');
  return { text: all + show(container.finish()), marks };
}

/** chainr's own sentences begin with `!`. */
const show = (chunks: OutputChunk[]): string =>
  chunks.map(({ stream, bytes }) => `${stream === 'system' ? '!' : ''}${bytes.toString()}`).join('');

/** As the kubelet writes them. */
const linesOf = (...lines: string[]): Buffer => Buffer.from(lines.map((line) => `2026-10-25T${line}\n`).join(''));

describe('the log of a container', () => {
  it('is read without its timestamps, however it is split', () => {
    for (let size = 1; size <= log.length; size += 1) expect(read(log, size).text, `${size}`).to.equal(text);
  });

  it('continues from every mark with no byte missing or doubled, also within a line', () => {
    for (const size of [1, 2, 7, 40, 1000]) {
      const container = new ContainerLog('main', undefined);
      let before = '';
      for (let at = 0; at < log.length; at += size) {
        for (const { bytes } of container.take(log.subarray(at, at + size))) before += bytes.toString();
        expect(before + read(log, 11, container.mark).text, `${size}, ${at}`).to.equal(text);
      }
    }
  });

  it('has the time of each line', () => {
    const chunks = new ContainerLog('main', undefined).take(log);
    expect(chunks.map(({ time }) => time - Date.parse(`${second}Z`))).to.deep.equal([100, 200, 300]);
  });

  it('marks the place where the line of the mark does not come again', () => {
    const from: Mark = ['2026-11-30T15:32:04.900000000Z', 1];
    const { text: marked } = read(log, 30, from);
    expect(marked).to.match(
      /^!\[chainr: part of the log between 2026-11-30T15:32:04\.900000000Z and .* may be missing: .*\]\none\n/,
    );
    expect(marked.slice(marked.indexOf('one'))).to.equal(text);
    expect(read(log.subarray(0, log.indexOf('\n') + 1), 5, [`${second}.100000000Z`, 1]).text).to.equal('');
  });

  it('marks a gap in which the node may have rotated a file away, if the reader was behind', () => {
    const long = 'x'.repeat(64 * 1024);
    const lineAt = (ms: number, text: string): Buffer =>
      Buffer.from(`${new Date(ms).toISOString().replace('Z', '000000Z')} ${text}\n`);
    const readLines = (text: string, ...times: number[]): string => {
      const container = new ContainerLog('main', undefined);
      return times
        .flatMap((ms) => container.take(lineAt(ms, text)))
        .map(({ stream }) => stream)
        .join(' ');
    };
    const now = Date.now();
    expect(readLines(long, now - 60_000, now - 30_000)).to.equal('stdout system stdout');
    expect(readLines(long, now - 60_000, now - 55_000)).to.equal('stdout stdout');
    expect(readLines(long, now, now + 30_000)).to.equal('stdout stdout');
    // What a new worker reads of a job that writes little is old too.
    expect(readLines('x', now - 60_000, now - 30_000)).to.equal('stdout stdout');
  });

  it('compares times as instants: the zone of the node may change while a container runs', () => {
    // At 01:00 UTC the clocks of the node are set back by an hour.
    const bytes = linesOf(
      '02:59:59.800000000+02:00 one',
      '02:59:59.900000000+02:00 two',
      '02:00:00.100000000+01:00 three',
      '02:00:00.200000000+01:00 four',
    );
    const { marks } = read(bytes, bytes.length / 4);
    expect(marks.map(sinceTimeOf)).to.deep.equal([
      '2026-10-25T00:59:58Z',
      '2026-10-25T00:59:58Z',
      '2026-10-25T00:59:59Z',
      '2026-10-25T00:59:59Z',
    ]);
    expect(marks.map((mark) => read(bytes, 7, mark).text)).to.deep.equal([
      'two\nthree\nfour\n',
      'three\nfour\n',
      'four\n',
      '',
    ]);
    expect(sinceTimeOf(['2026-11-30T20:15:05.5+05:45', 1])).to.equal('2026-11-30T14:30:04Z');
  });

  it('takes lines that are out of the order of their times, from every mark once', () => {
    // The runtime notes the time of each stream before it waits for its turn to write.
    const bytes = linesOf(
      '12:00:00.100000000Z one',
      '12:00:00.300000000Z two',
      '12:00:00.200000000Z three',
      '12:00:00.250000000Z four',
      '12:00:00.150000000Z five',
      '12:00:01.000000000Z six',
      '12:00:00.999999999Z seven',
    );
    const { text: whole, marks } = read(bytes, bytes.length);
    expect(whole).to.equal('one\ntwo\nthree\nfour\nfive\nsix\nseven\n');
    expect(marks).to.have.length(1);
    for (let size = 1; size <= bytes.length; size += 1) {
      const container = new ContainerLog('main', undefined);
      const before = show(container.take(bytes.subarray(0, size)));
      expect(before + read(bytes, 13, container.mark).text, `${size}`).to.equal(whole);
    }
  });

  it('drops the rest of a line that began before the time that was asked for', () => {
    // The kubelet leaves out pieces that are too old, and only the first piece of a line has its time.
    const from: Mark = ['2026-10-25T12:00:05.000000000Z', 1];
    for (const rest of ['tail\n', 'a tail with words\n', `${'x'.repeat(50_000)} y\n`, '\n', '12:00 2026 2027\n']) {
      const bytes = Buffer.concat([Buffer.from(rest), linesOf('12:00:05.000000000Z one', '12:00:06.000000000Z two')]);
      for (const size of [1, 7, 36, 100_000]) {
        if (size === 1 && bytes.length > 10_000) continue;
        expect(read(bytes, size, from).text, `${rest.slice(0, 20)} ${size}`).to.equal('two\n');
      }
    }
  });

  it('continues a long line that crosses a second, in pieces', () => {
    const bytes = linesOf(`12:00:05.900000000Z ${'x'.repeat(40_000)}`, '12:00:08.000000000Z next');
    for (const size of [1, 100, 16_384, 16_404, 33_000, 40_019, 40_021, 40_030]) {
      const container = new ContainerLog('main', undefined);
      const before = show(container.take(bytes.subarray(0, size)));
      for (const again of [10, 16_384, 100_000]) {
        expect(before + read(bytes, again, container.mark).text === `${'x'.repeat(40_000)}\nnext\n`, `${size}, ${again}`).to.equal(true); // prettier-ignore
      }
    }
  });

  it('says once that something may be missing, where the line of the mark does not come again', () => {
    const from: Mark = ['2026-10-25T12:00:05.000000000Z', 1];
    const missing = (where: string): string => `![chainr: part of the log ${where} may be missing: the node has rotated it]\n`; // prettier-ignore
    const [mark, soon, late] = ['05.000000000', '05.100000000', '09.000000000'].map((at) => `2026-10-25T12:00:${at}Z`);
    const later = linesOf('12:00:09.000000000Z late');
    const both = Buffer.concat([linesOf('12:00:05.100000000Z soon'), later]);
    expect(read(later, 9, from).text).to.equal(`${missing(`between ${mark} and ${late}`)}late\n`);
    expect(read(both, 9, from).text).to.equal(`${missing(`between ${mark} and ${soon}`)}soon\nlate\n`);
    const empty = read(Buffer.alloc(0), 1, from);
    expect(empty.text).to.equal(missing(`after ${mark}`));
    const container = new ContainerLog('main', from);
    container.finish();
    expect(read(later, 9, container.mark).text, 'after it was said').to.equal('late\n');
    expect(read(Buffer.alloc(0), 9, container.mark).text, 'after it was said').to.equal('');
  });

  it('holds a line of which it is not clear whether it was read, until more comes or nothing does', () => {
    const from: Mark = ['2026-10-25T12:00:05.000000000Z', 1];
    const later = linesOf('12:00:05.000100000Z two');
    const held = new ContainerLog('main', from);
    expect(show(held.take(later))).to.equal('');
    expect(held.mark).to.equal(from);
    expect(show(held.take(linesOf('12:00:05.000000000Z one')))).to.equal('');
    expect(show(held.settle())).to.equal('');
    expect(show(held.take(linesOf('12:00:05.000050000Z three')))).to.equal('three\n');
    const quiet = new ContainerLog('main', from);
    quiet.take(later);
    expect(show(quiet.settle())).to.match(/^!\[chainr: .* may be missing: .*\]\ntwo\n$/);
    expect(show(quiet.settle())).to.equal('');
    const much = new ContainerLog('main', from);
    const long = linesOf(`12:00:05.000100000Z ${'x'.repeat(2_000_000)}`);
    expect(show(much.take(long)))
      .to.contain('may be missing')
      .and.to.have.length.above(2_000_000);
  });

  it('tells a sentence of the kubelet from a log', () => {
    for (const sentence of [
      'unable to retrieve container logs for containerd://5ec1fae0',
      'failed to try resolving symlinks in path "/var/log/pods/x/0.log": no such file',
      'short',
      'two\nlines',
    ]) {
      for (const size of [1, 10, 1000]) {
        for (const from of [undefined, ['2026-10-25T12:00:05.000000000Z', 1] as const]) {
          const container = new ContainerLog('main', from);
          const bytes = Buffer.from(sentence);
          for (let at = 0; at < bytes.length; at += size) {
            expect(container.take(bytes.subarray(at, at + size))).to.deep.equal([]);
          }
          expect(container.sentence).to.equal(sentence);
        }
      }
    }
  });

  it('tells whether the connection was certainly cut, which is no sentence', () => {
    const isTorn = (size: number, from?: Mark): boolean => {
      const container = new ContainerLog('main', from);
      container.take(log.subarray(0, size));
      expect(container.sentence, `${size}`).to.equal('');
      return container.isTorn;
    };
    const lineAt = `${second}.100000000Z `.length;
    for (let size = 1; size <= lineAt; size += 1) expect(isTorn(size), `${size}`).to.equal(true);
    for (const size of [0, lineAt + 1, lineAt + 4, log.length]) expect(isTorn(size), `${size}`).to.equal(false);
    const whole = [`${second}.100000000Z`, 1] as const;
    for (let size = 1; size < lineAt + 4; size += 1) expect(isTorn(size, whole), `${size}`).to.equal(true);
    expect(isTorn(lineAt + 4, whole)).to.equal(false);
    expect([1, 2, 3].map((size) => isTorn(lineAt + size, [...whole, 2]))).to.deep.equal([true, false, false]);
  });
});
