import { describeOnCluster } from '../suite/pods.js';
import { stormTests } from '../suite/storm.js';

/** Left out unless somebody says for how long. */
const minutes = Number(process.env['CHAINR_STORM_MINUTES'] ?? 0);

if (minutes > 0) describeOnCluster('a storm', stormTests(minutes));
else it('a storm loses and doubles nothing: set CHAINR_STORM_MINUTES to let it rage for so long');
