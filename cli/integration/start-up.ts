import { Client } from '@chainr/core/api/client/client';
import { Command } from '@chainr/testkit/command';

export interface Up extends Command {
  readonly url: string;
  readonly client: Client;
}

/** Starts `chainr up`, on a free port unless `env` names one. */
export function beginUp(home: string, env: Record<string, string> = {}, args: readonly string[] = []): Command {
  return new Command('cli/src/main.ts', ['up', ...args], {
    CHAINR_HOME: home,
    PORT: '0',
    CHAINR_EXECUTOR: 'process',
    ...env,
  });
}

/** A started `chainr up`. */
export async function startUp(
  home: string,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<Up> {
  const command = beginUp(home, env, args);
  const [, url = ''] = await command.says(/API {3}(\S+)\/api\n/);
  return Object.assign(command, { url, client: new Client({ baseUrl: url }) });
}
