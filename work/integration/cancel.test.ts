import { cancelTests } from '../suite/cancel.js';
import { describeOnExecutors } from '../suite/seen-from-outside.js';

describeOnExecutors('a cancel', cancelTests);
