import { removedRemainsTests } from '../suite/removed-remains.js';
import { describeOnStandIn } from '../suite/pods.js';

describeOnStandIn('an attempt that somebody removes unseen', removedRemainsTests);
