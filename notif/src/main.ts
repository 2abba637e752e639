import { runMain } from '@chainr/core/service/run-main';
import { readConfig } from './config.js';
import { createService } from './service.js';

await runMain('notif', (env) => createService(readConfig(env)));
