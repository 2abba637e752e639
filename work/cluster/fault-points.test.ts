import { faultPointTests } from '../suite/fault-points.js';
import { describeOnCluster } from '../suite/pods.js';

describeOnCluster('a worker that freezes, dies or is cut off', faultPointTests);
