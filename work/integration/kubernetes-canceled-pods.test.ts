import { canceledPodTests } from '../suite/canceled-pods.js';
import { describeOnStandIn } from '../suite/pods.js';

describeOnStandIn('a cancel', canceledPodTests);
