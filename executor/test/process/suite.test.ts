import { executorSuite } from '../../suite/executor-suite.js';
import { makeProcessPlace } from './process-place.js';

executorSuite('process', {
  capabilities: {
    image: false,
    memoryLimit: false,
    output: true,
    ordersStreams: true,
    unfinishedLines: true,
    manyOwners: true,
    refusesMissingWorkdir: true,
  },
  image: 'ignored',
  makePlace: makeProcessPlace,
});
