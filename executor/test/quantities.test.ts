import { expect } from 'chai';
import { describe, it } from 'mocha';
import { memoryBytes, nanoCpus } from '../src/quantities.js';

describe('quantities for Docker', () => {
  it('are whole bytes of memory', () => {
    const expected = {
      '256Mi': 268_435_456,
      '1Gi': 1_073_741_824,
      '1e3': 1000,
      '1E6': 1_000_000,
      '128M': 128_000_000,
      '1.5Ki': 1536,
      '7': 7,
      '.5': 1,
      '100m': 1,
      '2k': 2000,
      '1E': 1e18,
    };
    for (const [quantity, bytes] of Object.entries(expected)) expect(memoryBytes(quantity), quantity).to.equal(bytes);
  });

  it('are billionths of a processor', () => {
    const expected = { '500m': 5e8, '2': 2e9, '.5': 5e8, '0.1': 1e8, '1e-1': 1e8, '250000u': 25e7, '100n': 100 };
    for (const [quantity, nanos] of Object.entries(expected)) expect(nanoCpus(quantity), quantity).to.equal(nanos);
  });
});
