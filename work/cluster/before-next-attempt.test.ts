import { beforeNextAttemptTests } from '../suite/before-next-attempt.js';
import { describeOnCluster } from '../suite/pods.js';

describeOnCluster('a worker that is gone right before the next attempt is recorded', beforeNextAttemptTests);
