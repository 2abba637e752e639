import { faultPointTests } from '../suite/fault-points.js';
import { describeOnStandIn } from '../suite/pods.js';

// The others are run on a cluster: each takes half a minute.
const only = ['frozen until it is adopted', 'killed'];

describeOnStandIn('a worker that freezes, dies or is cut off', (subject) => {
  faultPointTests(subject, only);
});
