import { killTests } from '../suite/kills.js';
import { describeOnCluster } from '../suite/pods.js';

describeOnCluster('kill -9 and SIGSTOP of all workers', killTests({ jobs: 24, seconds: 10 }));
