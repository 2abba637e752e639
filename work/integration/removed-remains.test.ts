import { removedRemainsTests } from '../suite/removed-remains.js';
import { describeOnExecutors } from '../suite/seen-from-outside.js';

describeOnExecutors('an attempt that somebody removes unseen', removedRemainsTests);
