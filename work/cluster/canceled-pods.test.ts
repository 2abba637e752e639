import { canceledPodTests } from '../suite/canceled-pods.js';
import { describeOnCluster } from '../suite/pods.js';

describeOnCluster('a cancel', canceledPodTests);
