import { runMain } from '@chainr/core/service/run-main';
import { readConfig } from './config.js';
import { createService } from './service.js';

await runMain('ui', (env) => createService(readConfig(env)));
