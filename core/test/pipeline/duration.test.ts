import { expect } from 'chai';
import fc from 'fast-check';
import {
  formatExactDuration,
  formatRoundedDuration,
  longestDurationMs,
  parseDuration,
} from '../../src/pipeline/duration.js';

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

  it('are written exactly as they are read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: longestDurationMs }), (ms) => {
        expect(parseDuration(formatExactDuration(ms))).to.equal(ms);
      }),
    );
    expect(formatExactDuration(5_400_000)).to.equal('1h30m');
    expect(formatExactDuration(0)).to.equal('0s');
  });

  it('are rounded where they were measured', () => {
    const known = {
      '0ms': [-5, 0, 0.4],
      '850ms': [850],
      '1.0s': [999.6, 1_000, 1_049],
      '59.9s': [59_949],
      '1m00s': [59_950, 60_000],
      '3m05s': [185_000, 185_999],
      '59m59s': [3_599_999],
      '2h10m': [7_800_000],
      '23h59m': [86_399_999],
      '5d3h': [442_800_000],
    };
    for (const [text, times] of Object.entries(known))
      for (const ms of times) expect(formatRoundedDuration(ms), String(ms)).to.equal(text);
  });
});
