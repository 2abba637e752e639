import { faultPointTests } from '../suite/fault-points.js';
import { describeOnExecutors } from '../suite/seen-from-outside.js';

describeOnExecutors('a worker that freezes, dies or is cut off', faultPointTests);
