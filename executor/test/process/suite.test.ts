import { executorSuite } from '../../suite/executor-suite.js';
import { makeProcessPlace } from './process-place.js';

executorSuite('process', {
  capabilities: {
    image: false,
    memoryLimit: false,
    output: true,
    unfinishedLines: true,
    manyOwners: true,
    refusesMissingWorkdir: true,
    canVanish: true,
    services: false,
  },
  image: 'ignored',
  makePlace: makeProcessPlace,
});
