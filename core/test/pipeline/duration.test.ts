import { expect } from 'chai';
import fc from 'fast-check';
import { formatDuration, longestDurationMs, parseDuration } from '../../src/pipeline/duration.js';

describe('durations', () => {
  it('are whole numbers with units, the larger first', () => {
    const known = {
      '90s': 90_000,
      '30m': 1_800_000,
      '1h30m': 5_400_000,
      '500ms': 500,
      '1d': 86_400_000,
      '1s1ms': 1_001,
      '365d': longestDurationMs,
    };
    for (const [text, ms] of Object.entries(known)) expect(parseDuration(text), text).to.equal(ms);
  });

  it('are refused in every other form, and if they are 0 or longer than a year', () => {
    for (const text of [
      '',
      '5',
      '0s',
      '-1s',
      '1.5h',
      '30m1h',
      '1m1m',
      ' 1s',
      '1s ',
      '1S',
      '1w',
      '5 minutes',
      '366d',
      '1e3s',
      's',
    ]) {
      expect(parseDuration(text), text).to.equal(undefined);
    }
  });

  it('are written as they are read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: longestDurationMs }), (ms) => {
        expect(parseDuration(formatDuration(ms))).to.equal(ms);
      }),
    );
    expect(formatDuration(5_400_000)).to.equal('1h30m');
    expect(formatDuration(0)).to.equal('0s');
  });
});
