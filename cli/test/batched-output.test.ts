import { once } from 'node:events';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { BatchedOutput } from '../src/terminal/batched-output.js';

/** A stream that completes each write when the test says so. */
class HeldStream extends Writable {
  readonly written: string[] = [];
  take: () => void = () => undefined;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.written.push(chunk.toString());
    this.take = done;
    this.emit('taken');
  }
}

describe('batched output', () => {
  it('writes the text of one tick of the event loop at once', async () => {
    const stream = new HeldStream();
    const output = new BatchedOutput(stream);
    for (let line = 0; line < 1_000; line += 1) await output.add(`${String(line)}\n`);
    await output.flush();
    expect(stream.written).to.eql([Array.from({ length: 1_000 }, (_, line) => `${String(line)}\n`).join('')]);
  });

  it('writes a single line without waiting for more', async () => {
    const stream = new HeldStream();
    const taken = once(stream, 'taken');
    await new BatchedOutput(stream).add('prompt> ');
    await taken;
    expect(stream.written).to.eql(['prompt> ']);
  });

  it('keeps at most one batch, and waits while the stream is full', async () => {
    const stream = new HeldStream({ highWaterMark: 10 });
    const output = new BatchedOutput(stream);
    let isTaken = false;
    const adding = output.add('x'.repeat(64 * 1024)).then(() => {
      isTaken = true;
    });
    expect(stream.written).to.have.length(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isTaken).to.equal(false);
    stream.take();
    await adding;
  });

  it('waits for a stream that was filled in an earlier tick', async () => {
    const stream = new HeldStream({ highWaterMark: 10 });
    const output = new BatchedOutput(stream);
    const taken = once(stream, 'taken');
    await output.add('more than ten bytes');
    await taken;
    const adding = output.add('!');
    const takenAgain = once(stream, 'taken');
    stream.take();
    await takenAgain;
    stream.take();
    await adding;
    expect(stream.written).to.eql(['more than ten bytes', '!']);
  });

  it('writes nothing if nothing was added', async () => {
    const stream = new HeldStream();
    await new BatchedOutput(stream).flush();
    expect(stream.written).to.eql([]);
  });
});
