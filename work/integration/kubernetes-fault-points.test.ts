import { faultPointTests } from '../suite/fault-points.js';
import { describeOnStandIn } from '../suite/pods.js';

describeOnStandIn('a worker that freezes, dies or is cut off', faultPointTests);
