import { expect } from 'chai';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { FrameReader, type LogFrame } from '../../src/docker/output/log-frames.js';

const timestamp = '2026-01-02T03:04:05.678901234Z';

/** A frame as the daemon writes it. */
function bytesOf({ stream, timestamp: time, bytes }: LogFrame): Buffer {
  const entry = Buffer.concat([Buffer.from(`${time} `), bytes]);
  const head = Buffer.alloc(8);
  head.writeUInt8(stream === 'stderr' ? 2 : 1, 0);
  head.writeUInt32BE(entry.length, 4);
  return Buffer.concat([head, entry]);
}

const frame = (text: string, more: Partial<LogFrame> = {}): LogFrame => ({
  stream: 'stdout',
  timestamp,
  bytes: Buffer.from(text),
  ...more,
});

describe('the frames of a container log', () => {
  it('tell stream, time and bytes', () => {
    const frames = [frame('one two\n'), frame('bad\n', { stream: 'stderr' }), frame('half'), frame('')];
    expect(new FrameReader().take(Buffer.concat(frames.map(bytesOf)))).to.deep.equal(frames);
  });

  it('are the same however the stream is cut into chunks', () => {
    const frames = [frame('größe'), frame('', { stream: 'stderr' }), frame('x'.repeat(300))];
    const bytes = Buffer.concat(frames.map(bytesOf));
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const reader = new FrameReader();
        const read = places.slice(1).flatMap((end, index) => reader.take(bytes.subarray(places[index], end)));
        expect(read).to.deep.equal(frames);
      }),
    );
  });

  it('wait for the rest of an incomplete one', () => {
    const bytes = bytesOf(frame('late'));
    const reader = new FrameReader();
    for (const byte of bytes.subarray(0, -1)) expect(reader.take(Buffer.of(byte))).to.deep.equal([]);
    expect(reader.take(bytes.subarray(-1))).to.deep.equal([frame('late')]);
  });

  it('keep their bytes when the memory of a chunk is reused', () => {
    const bytes = bytesOf(frame('kept'));
    const reader = new FrameReader();
    const chunk = Buffer.from(bytes.subarray(0, 12));
    reader.take(chunk);
    chunk.fill(0);
    expect(reader.take(bytes.subarray(12))).to.deep.equal([frame('kept')]);
  });
});
