import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ContainerLog, NoLog } from '../../src/kubernetes/output/container-log.js';
import type { Mark } from '../../src/kubernetes/output/log-position.js';

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
    for (const chunk of container.take(bytes.subarray(at, at + size)))
      all += `${chunk.stream === 'system' ? '!' : ''}${chunk.bytes.toString()}`;
    marks.push(container.mark);
  }
  container.end();
  return { text: all, marks };
}

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

  it('tells a sentence of the kubelet from a log', () => {
    for (const [sentence, isGone] of [
      ['unable to retrieve container logs for containerd://5ec1fae0', true],
      ['failed to try resolving symlinks in path "/var/log/pods/x/0.log": no such file', false],
      ['short', false],
    ] as const) {
      for (const size of [1, 10, 1000]) {
        let error: unknown;
        try {
          read(Buffer.from(sentence), size);
        } catch (thrown) {
          error = thrown;
        }
        expect(error, sentence).to.be.instanceOf(NoLog).and.to.include({ isGone, message: sentence });
      }
    }
  });
});
