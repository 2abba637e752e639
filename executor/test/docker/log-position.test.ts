import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  formatPosition,
  isAfter,
  parsePosition,
  sinceOf,
  type StepMarks,
} from '../../src/docker/output/log-position.js';

const [early, late] = ['2026-01-02T03:04:05.000000009Z', '2026-01-02T03:04:06.120000000Z'];

describe('a position in the log of an attempt', () => {
  it('is read as it was written, whatever the steps wrote', () => {
    const steps: StepMarks[] = [{ stdout: [early, 2], stderr: [late, 1] }, {}, { stderr: [late, 7] }];
    expect(parsePosition(formatPosition(steps), 3)).to.deep.equal(steps);
    expect(parsePosition(formatPosition(steps), 5)).to.deep.equal([...steps, {}, {}]);
  });

  it('is short until later steps write something', () => {
    expect(formatPosition([{ stdout: [early, 1] }, {}, {}])).to.equal(`[[["${early}",1],null]]`);
    expect(formatPosition([{}, {}])).to.equal('[]');
  });

  it('is the beginning if it is empty', () => {
    expect(parsePosition('', 2)).to.deep.equal([{}, {}]);
  });

  it('of another executor is refused', () => {
    expect(() => parsePosition('{"main":12}', 1)).to.throw('is not a position of the docker executor');
  });

  it('is before later times, and before later entries of the same time', () => {
    expect(isAfter(undefined, early, 1)).to.equal(true);
    expect(isAfter([early, 2], early, 2)).to.equal(false);
    expect(isAfter([early, 2], early, 3)).to.equal(true);
    expect(isAfter([early, 2], late, 1)).to.equal(true);
    expect(isAfter([late, 1], early, 9)).to.equal(false);
  });

  it('reads from the older of the two streams, and from the beginning if one is empty', () => {
    const seconds = Date.parse('2026-01-02T03:04:05Z') / 1000;
    const both = ['stdout', 'stderr'] as const;
    expect(sinceOf({ stdout: [early, 1], stderr: [late, 4] }, both)).to.equal(`${String(seconds)}.000000009`);
    expect(sinceOf({ stdout: [late, 1], stderr: [late, 4] }, both)).to.equal(`${String(seconds + 1)}.120000000`);
    expect(sinceOf({ stdout: [late, 1] }, both)).to.equal('0');
    expect(sinceOf({ stdout: [late, 1] }, ['stdout'])).to.equal(`${String(seconds + 1)}.120000000`);
    expect(sinceOf({}, ['stdout'])).to.equal('0');
  });
});
