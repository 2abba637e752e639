import { expect } from 'chai';
import { silentLogger } from '@chainr/testkit/open-store';
import { readConfig } from '../src/config.js';
import { createExecutor } from '../src/create-executor.js';

describe('the executor of a worker', () => {
  const needs = { instance: () => 'here', reach: () => Promise.resolve(), logger: silentLogger };

  for (const executor of ['kubernetes', 'fake'] as const) {
    it(`is never another one instead of ${executor}, which is not available`, async () => {
      const config = { ...readConfig({ CHAINR_HOME: '/tmp' }), executor };
      const refused: unknown = await createExecutor(config, needs).catch((error: unknown) => error);
      expect(String(refused)).to.include(`There is no executor ${executor}: set CHAINR_EXECUTOR to process or docker.`);
    });
  }
});
