import { deletedPodTests } from '../suite/deleted-pods.js';
import { describeOnCluster } from '../suite/pods.js';

describeOnCluster('a pod that somebody deletes', deletedPodTests);
