import { killTests } from '../suite/kills.js';
import { describeOnStandIn } from '../suite/pods.js';

describeOnStandIn('kill -9 and SIGSTOP of all workers', killTests({ jobs: 12, seconds: 4 }));
