import { processCapabilities } from '../../src/process/create-process-executor.js';
import { executorSuite } from '../../suite/executor-suite.js';
import { makeProcessPlace } from './process-place.js';

executorSuite('process', {
  capabilities: processCapabilities,
  image: 'ignored',
  makePlace: makeProcessPlace,
});
