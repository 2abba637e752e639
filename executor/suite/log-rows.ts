import { expect } from 'chai';
import type { OutputChunk } from '../src/port.js';
import {
  allOutput,
  allow,
  asKept,
  attemptOf,
  bytesOf,
  needsOutput,
  never,
  runToEnd,
  textOf,
  untilExecuting,
  withExecutor,
  type Row,
} from './place.js';

export const logRows: Row[] = [
  {
    name: 'keeps the order of the output of a script, however it is written',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const ways: [string, string][] = [
          [
            'i=0; while [ $i -lt 300 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done',
            numbered(300, (n) => `o${n}\ne${n}\n`),
          ],
          ['echo one; echo two > /dev/stderr; echo three > /dev/stdout; echo four >&2', 'one\ntwo\nthree\nfour\n'],
          ['echo one >&2; echo two >> /dev/stdout; echo three >> /dev/stderr; echo four', 'one\ntwo\nthree\nfour\n'],
          ['echo one; { echo two; echo three >&2; } > /dev/stderr 2>&1; printf four', 'one\ntwo\nthree\nfour'],
          [
            'echo one | tee /dev/stderr > /dev/null; echo two | tee -a /dev/stdout; echo three',
            'one\ntwo\ntwo\nthree\n',
          ],
          ['set -x; echo one; echo two', '+ echo one\none\n+ echo two\ntwo\n'],
          ["echo one; sh -c 'echo two >&2; exec echo three'; echo four >&2", 'one\ntwo\nthree\nfour\n'],
        ];
        const spec = attemptOf(image, ...ways.map(([run]) => ({ run })));
        const { reason } = await runToEnd(executor, spec);
        expect(reason).to.equal('Completed');
        const output = await allOutput(executor, spec);
        for (const [index, [run, written]] of ways.entries()) {
          expect(textOf(output, 'stdout', `step-${index}`), run).to.equal(written);
        }
      }),
  },
  {
    name: 'shows lines while the attempt runs',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: 'echo first; while [ ! -e go ]; do sleep 0.02; done; echo second' });
        await executor.ensure(spec, allow);
        const seen: string[] = [];
        let position = '';
        for await (const batch of executor.logs(spec, '', never())) {
          seen.push(textOf(batch.chunks));
          position = batch.position;
          break;
        }
        expect(seen).to.deep.equal(['first\n']);
        await executor.stop(spec, 5000, allow);
        expect(textOf(await allOutput(executor, spec, position))).to.equal('');
      }),
  },
  {
    name: 'continues from any position, with no line missing or doubled',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const loop =
          'i=0; while [ $i -lt 4000 ]; do echo "$CHAINR_STEP line $i of many"; echo "err $i" >&2; i=$((i+1)); done';
        const spec = attemptOf(image, { run: loop }, { run: loop });
        await executor.ensure(spec, allow);
        // The reader stops after every batch, like a worker that dies, while the attempt still writes.
        const chunks: OutputChunk[] = [];
        let position = '';
        for (;;) {
          const before = position;
          for await (const batch of executor.logs(spec, position, never())) {
            chunks.push(...batch.chunks);
            position = batch.position;
            break;
          }
          if (position === before) break;
        }
        for (const step of ['step-0', 'step-1']) {
          const lines = bytesOf(chunks, undefined, step)
            .toString()
            .split(/(?<=\n)/);
          const isError = (line: string): boolean => line.startsWith('err ');
          expect(lines.filter(isError).join('')).to.equal(numbered(4000, (n) => `err ${n}\n`));
          const others = lines.filter((line) => !isError(line)).join('');
          expect(others).to.equal(numbered(4000, (n) => `${step} line ${n} of many\n`));
        }
      }),
  },
  {
    name: 'reads 5 MB without a byte missing or doubled, in bounded batches',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const count = 100_000;
        const run = `awk 'BEGIN { for (i = 0; i < ${count}; i++) printf "%050d\\n", i }'`;
        const spec = attemptOf(image, { run });
        await executor.ensure(spec, allow);
        const read: Buffer[] = [];
        let largest = 0;
        for await (const { chunks } of executor.logs(spec, '', never())) {
          const batch = bytesOf(chunks);
          largest = Math.max(largest, batch.length);
          read.push(batch);
        }
        const lines = Array.from({ length: count }, (_, index) => `${String(index).padStart(50, '0')}\n`);
        expect(Buffer.concat(read).equals(Buffer.from(lines.join('')))).to.equal(true);
        expect(largest).to.be.at.most(1024 * 1024);
      }),
  },
  {
    name: 'keeps every byte: a missing last newline, carriage returns, zeros, invalid UTF-8, the longest lines',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const shapes: [string, Buffer][] = [
          [`printf 'one\\n\\nlast'`, Buffer.from('one\n\nlast')],
          [`printf '10 %%\\r20 %%\\r\\n'`, Buffer.from('10 %\r20 %\r\n')],
          [`printf 'a\\377b gr\\303\\266\\303 \\000 \\342\\202'`, Buffer.from('61ff62206772c3b6c3200020e282', 'hex')],
          [
            `awk 'BEGIN { for (i = 0; i < 100000; i++) printf "%07d", i; print "x"; print "next" }'`,
            Buffer.concat([
              ...Array.from({ length: 100_000 }, (_, at) => Buffer.from(String(at).padStart(7, '0'))),
              Buffer.from('x\nnext\n'),
            ]),
          ],
        ];
        for (const [run, written] of shapes) {
          const spec = attemptOf(image, { run });
          await runToEnd(executor, spec);
          const read = bytesOf(await allOutput(executor, spec));
          expect(read.equals(asKept(executor, written)), `${run}: ${String(read.length)} bytes`).to.equal(true);
        }
      }),
  },
  {
    name: 'shows an unfinished line while the attempt runs',
    needs: ({ unfinishedLines }) => unfinishedLines,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: "printf 'Name? '; while [ ! -e go ]; do sleep 0.02; done" });
        await executor.ensure(spec, allow);
        let seen = '';
        for await (const { chunks } of executor.logs(spec, '', never())) {
          seen += textOf(chunks);
          if (seen === 'Name? ') break;
        }
        await executor.stop(spec, 5000, allow);
        expect(textOf(await allOutput(executor, spec))).to.equal('Name? ');
      }),
  },
  {
    name: 'has all output of a step before that of the next one, even a last line without a newline',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const first = "printf 'first'; printf 'bad' >&2";
        const second = 'echo second; while [ ! -e go ]; do sleep 0.02; done';
        const spec = attemptOf(image, { run: first }, { run: ':' }, { run: second });
        await executor.ensure(spec, allow);
        const chunks: OutputChunk[] = [];
        let position = '';
        // The reader stops after every batch, like a worker that dies, until the third step waits.
        while (textOf(chunks, 'stdout', 'step-2') !== 'second\n') {
          for await (const batch of executor.logs(spec, position, never())) {
            chunks.push(...batch.chunks);
            position = batch.position;
            break;
          }
        }
        await executor.stop(spec, 5000, allow);
        for (const read of [chunks, await allOutput(executor, spec)]) {
          expect(bytesOf(read, undefined, 'step-0').toString()).to.equal('firstbad');
          const next = read.findIndex(({ step }) => step === 'step-2');
          expect(read.slice(next).map(({ step }) => step)).not.to.include('step-0');
        }
      }),
  },
  {
    name: 'ends without an error on request',
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: 'sleep 300' });
        await executor.ensure(spec, allow);
        await untilExecuting(executor, spec);
        const told = new AbortController();
        const read = (async () => {
          for await (const batch of executor.logs(spec, '', told.signal)) expect(batch.chunks).to.deep.equal([]);
        })();
        told.abort();
        await read;
        await executor.stop(spec, 5000, allow);
      }),
  },
];

function numbered(count: number, line: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => line(n)).join('');
}
