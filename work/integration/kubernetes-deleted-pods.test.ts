import { deletedPodTests } from '../suite/deleted-pods.js';
import { describeOnStandIn } from '../suite/pods.js';

describeOnStandIn('a pod that somebody deletes', deletedPodTests);
