import { expect } from 'chai';
import fc from 'fast-check';
import { parseMoment } from '../../../src/api/contract/moment.js';

describe('a time in ISO 8601', () => {
  it('is read with and without a time of day, seconds and an offset', () => {
    const known: Record<string, string> = {
      '2026-11-21': '2026-11-21T00:00:00.000Z',
      '2024-02-29': '2024-02-29T00:00:00.000Z',
      '2026-11-21T01:44Z': '2026-11-21T01:44:00.000Z',
      '2026-11-21T01:44:05Z': '2026-11-21T01:44:05.000Z',
      '2026-11-21T01:44:05.123+02:00': '2026-11-20T23:44:05.123Z',
      '0001-01-01': '0001-01-01T00:00:00.000Z',
    };
    for (const [text, time] of Object.entries(known)) {
      expect(new Date(parseMoment(text) ?? Number.NaN).toISOString(), text).to.equal(time);
    }
  });

  it('is refused if the day, the hour or the offset does not exist', () => {
    for (const text of [
      '2026-02-31',
      '2026-02-30',
      '2026-02-29',
      '1900-02-29',
      '2026-04-31',
      '2026-13-01',
      '2026-00-10',
      '2026-01-00',
      '2026-01-32',
      '2026-02-31T10:00Z',
      '2026-11-21T24:00Z',
      '2026-11-21T25:00Z',
      '2026-11-21T10:60Z',
      '2026-11-21T10:00:60Z',
      '2026-11-21T10:00+24:00',
      '2026-11-21T10:00+01:60',
      '2026-11-21 10:00Z',
      '2026-11-21T10Z',
      '2026-11-21T10:00:00.1234Z',
      '2026-11-21Z',
      '2026-1-1',
      'now',
      '',
    ])
      expect(parseMoment(text), text).to.equal(undefined);
  });

  it('is unchanged after a round trip', () => {
    const times = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(times, (time) => {
        expect(parseMoment(time.toISOString())).to.equal(time.getTime());
      }),
    );
  });

  it('is refused exactly where its day is not in the calendar', () => {
    const digits = (most: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: most });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9999 }), digits(13), digits(32), (year, month, day) => {
        const pad = (number: number, length: number): string => String(number).padStart(length, '0');
        const text = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
        const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
        const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
        expect(parseMoment(text) !== undefined, text).to.equal(day >= 1 && day <= days);
      }),
    );
  });
});
