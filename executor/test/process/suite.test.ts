import { executorSuite } from '../../suite/executor-suite.js';
import { makeProcessPlace } from './process-place.js';

executorSuite('process', {
  capabilities: {
    image: false,
    memoryLimit: false,
    output: true,
    separateStreams: false,
    checksLoopback: false,
    restartsServices: false,
    exactOutput: true,
    rotatesOutput: false,
    replaceableOutputFile: true,
    timeStepMs: 1,
    unfinishedLines: true,
    manyOwners: true,
    refusesMissingWorkdir: true,
    startsAtCreation: false,
    canVanish: true,
    services: false,
  },
  image: 'ignored',
  makePlace: makeProcessPlace,
});
