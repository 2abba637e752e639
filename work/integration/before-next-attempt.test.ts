import { beforeNextAttemptTests } from '../suite/before-next-attempt.js';
import { describeOnExecutors } from '../suite/seen-from-outside.js';

describeOnExecutors('a worker that is gone right before the next attempt is recorded', beforeNextAttemptTests);
