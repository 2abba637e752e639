import { describeOnStandIn } from '../suite/pods.js';
import { stormTests } from '../suite/storm.js';

/** Left out unless it says for how long. */
const minutes = Number(process.env['CHAINR_STORM_MINUTES'] ?? 0);

if (minutes > 0) describeOnStandIn('a storm', stormTests(minutes));
