import { removedRemainsTests } from '../suite/removed-remains.js';
import { describeOnCluster } from '../suite/pods.js';

describeOnCluster('an attempt that somebody removes unseen', removedRemainsTests);
