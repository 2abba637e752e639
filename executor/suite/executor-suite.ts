import { after, before, describe, it } from 'mocha';
import { endingRows } from './ending-rows.js';
import { environmentRows } from './environment-rows.js';
import { logRows } from './log-rows.js';
import { outputRows } from './output-rows.js';
import type { Place, Subject } from './place.js';
import { serviceRows } from './service-rows.js';
import { startingRows } from './starting-rows.js';
import { streamRows } from './stream-rows.js';
import { stoppingRows } from './stopping-rows.js';
import { vanishingRows } from './vanishing-rows.js';

const groups = {
  'starting and finding': startingRows,
  ending: endingRows,
  'the environment of a step': environmentRows,
  logs: logRows,
  'the standard streams': streamRows,
  outputs: outputRows,
  services: serviceRows,
  stopping: stoppingRows,
  'remains that somebody removes': vanishingRows,
};

/** The behaviour of every executor. Rows beyond the capabilities of an executor are printed as pending. */
export function executorSuite(name: string, subject: Subject): void {
  describe(`the executor suite: ${name}`, () => {
    let place: Place;
    before(async () => {
      place = await subject.makePlace();
    });
    after(() => place.destroy());

    for (const [group, rows] of Object.entries(groups)) {
      describe(group, () => {
        for (const row of rows) {
          const isLeftOut = subject.leavesOut?.(row) ?? false;
          if (isLeftOut || (row.needs && !row.needs(subject.capabilities))) it(row.name);
          else it(row.name, () => row.run(place, subject.image));
        }
      });
    }
  });
}
