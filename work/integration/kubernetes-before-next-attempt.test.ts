import { beforeNextAttemptTests } from '../suite/before-next-attempt.js';
import { describeOnStandIn } from '../suite/pods.js';

describeOnStandIn('a worker that is gone right before the next attempt is recorded', beforeNextAttemptTests);
