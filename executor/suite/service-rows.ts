import { expect } from 'chai';
import { attemptOf, runToEnd, withExecutor, type Row } from './place.js';

/** Services beside the steps of an attempt. */
export const serviceRows: readonly Row[] = [
  {
    name: 'refuses them with a sentence where it cannot run them, and starts nothing',
    needs: ({ services, output }) => !services && output,
    run: (place, image) =>
      withExecutor(place, async (executor) => {
        const spec = { ...attemptOf(image, { run: 'echo started' }), services: [{ name: 'db', image, env: {} }] };
        const outcome = await runToEnd(executor, spec);
        expect(outcome).to.deep.include({
          reason: 'ConfigError',
          message:
            'The job has services ("db"), which this worker cannot run: use a pool whose workers have the docker or kubernetes executor.',
        });
        expect(outcome).not.to.have.property('startedAt');
      }),
  },
];
