import { expect } from 'chai';
import type { LogLine } from '@chainr/core/model/records';
import {
  allLines,
  allow,
  attemptOf,
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
    name: 'keeps both streams of every step apart',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const both = 'echo to $CHAINR_STEP; echo bad $CHAINR_STEP >&2';
        const spec = attemptOf(image, { run: both }, { run: both });
        await runToEnd(executor, spec);
        const lines = await allLines(executor, spec);
        for (const step of ['step-0', 'step-1']) {
          expect(textOf(lines, 'stdout', step)).to.equal(`to ${step}\n`);
          expect(textOf(lines, 'stderr', step)).to.equal(`bad ${step}\n`);
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
          seen.push(textOf(batch.lines));
          position = batch.position;
          break;
        }
        expect(seen).to.deep.equal(['first\n']);
        await executor.stop(spec, 5000, allow);
        expect(textOf(await allLines(executor, spec, position))).to.equal('');
      }),
  },
  {
    name: 'goes on from any position, with no line missing or doubled',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const loop =
          'i=0; while [ $i -lt 4000 ]; do echo "$CHAINR_STEP line $i of many"; echo "err $i" >&2; i=$((i+1)); done';
        const spec = attemptOf(image, { run: loop }, { run: loop });
        await executor.ensure(spec, allow);
        // A reader that gives up after every batch, as workers do that die, while the attempt still writes.
        const lines: LogLine[] = [];
        let position = '';
        for (let reads = 0; ; reads += 1) {
          const before = position;
          for await (const batch of executor.logs(spec, position, never())) {
            lines.push(...batch.lines);
            position = batch.position;
            break;
          }
          if (position === before) break;
        }
        for (const step of ['step-0', 'step-1']) {
          const numbers = Array.from({ length: 4000 }, (_, index) => index);
          expect(textOf(lines, 'stdout', step)).to.equal(numbers.map((n) => `${step} line ${n} of many\n`).join(''));
          expect(textOf(lines, 'stderr', step)).to.equal(numbers.map((n) => `err ${n}\n`).join(''));
        }
      }),
  },
  {
    name: 'reads 5 MB without a line missing or doubled, in bounded batches',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const count = 100_000;
        const run = `awk 'BEGIN { for (i = 0; i < ${count}; i++) printf "%050d\\n", i }'`;
        const spec = attemptOf(image, { run });
        await executor.ensure(spec, allow);
        let next = 0;
        let largest = 0;
        for await (const { lines } of executor.logs(spec, '', never())) {
          largest = Math.max(
            largest,
            lines.reduce((sum, { text }) => sum + text.length, 0),
          );
          for (const { text } of lines) {
            if (Number(text) !== next) expect.fail(`line ${next} reads ${text}`);
            next += 1;
          }
        }
        expect(next).to.equal(count);
        expect(largest).to.be.at.most(1024 * 1024);
      }),
  },
  {
    name: 'keeps a missing last newline',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: "printf 'one\\n\\nlast'" });
        await runToEnd(executor, spec);
        const lines = await allLines(executor, spec);
        expect(lines.map(({ text, newline }) => [text, newline])).to.deep.equal([
          ['one', true],
          ['', true],
          ['last', false],
        ]);
      }),
  },
  {
    name: 'has a line without newline at the end of its step, not of the attempt',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const first = "printf 'first'; printf 'bad' >&2";
        const second = 'echo second; while [ ! -e go ]; do sleep 0.02; done';
        const spec = attemptOf(image, { run: first }, { run: ':' }, { run: second });
        await executor.ensure(spec, allow);
        const lines: LogLine[] = [];
        let position = '';
        // A reader that gives up after every batch, as workers do that die, until the third step waits.
        while (!lines.some(({ text }) => text === 'second')) {
          for await (const batch of executor.logs(spec, position, never())) {
            lines.push(...batch.lines);
            position = batch.position;
            break;
          }
        }
        await executor.stop(spec, 5000, allow);
        for (const read of [lines, await allLines(executor, spec)]) {
          const seen = read.map(({ step, stream, text, newline }) => `${step} ${stream} ${text} ${newline}`);
          expect(seen.slice(0, 2)).to.have.members(['step-0 stdout first false', 'step-0 stderr bad false']);
          expect(seen[2]).to.equal('step-2 stdout second true');
        }
      }),
  },
  {
    name: 'replaces invalid UTF-8 and keeps the rest',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: "printf 'a\\377b gr\\303\\266\\303\\237e\\n'" });
        await runToEnd(executor, spec);
        expect(textOf(await allLines(executor, spec))).to.equal('a\ufffdb größe\n');
      }),
  },
  {
    name: 'splits a line that is too long and loses none of it',
    needs: needsOutput,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, {
          run: `awk 'BEGIN { for (i = 0; i < 100000; i++) printf "%07d", i; print ""; print "next" }'`,
        });
        await runToEnd(executor, spec);
        const lines = await allLines(executor, spec);
        const expected = Array.from({ length: 100_000 }, (_, index) => String(index).padStart(7, '0')).join('');
        expect(textOf(lines) === `${expected}\nnext\n`).to.equal(true);
        expect(lines.length).to.equal(4);
        for (const { text } of lines) expect(text.length).to.be.at.most(256 * 1024);
      }),
  },
  {
    name: 'ends quietly when it is told to',
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = attemptOf(image, { run: 'sleep 300' });
        await executor.ensure(spec, allow);
        await untilExecuting(executor, spec);
        const told = new AbortController();
        const read = (async () => {
          for await (const batch of executor.logs(spec, '', told.signal)) expect(batch.lines).to.deep.equal([]);
        })();
        told.abort();
        await read;
        await executor.stop(spec, 5000, allow);
      }),
  },
];
