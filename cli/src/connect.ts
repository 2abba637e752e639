import { readFileSync } from 'node:fs';
import { Client } from '@chainr/core/api/client';
import { socketFetch } from '@chainr/core/api/socket-fetch';
import { CouldNot } from './exit-codes.js';
import { whyUnreadable } from './why-unreadable.js';
import type { Terminal } from './terminal.js';

/** The options that every command has which talks to a server. */
export interface ServerOptions {
  server?: string;
  tokenFile?: string;
}

export const defaultServer = 'http://127.0.0.1:8080';

/**
 * A client for the server that the options, the environment or the default name, in this order.
 *
 * @throws CouldNot when the address or the token cannot be used
 */
export function connect(options: ServerOptions, { env }: Terminal): Client {
  const server = options.server ?? (env['CHAINR_SERVER'] || defaultServer);
  const token = options.tokenFile === undefined ? env['CHAINR_TOKEN'] : readToken(options.tokenFile);
  const auth = token ? { token } : {};
  if (server.startsWith('unix:/'))
    return new Client({ baseUrl: 'http://localhost', fetch: socketFetch(server.slice('unix:'.length)), ...auth });
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new CouldNot(`${JSON.stringify(server)} is no address of a server; write it like ${defaultServer}.`);
  }
  if (url.pathname !== '/' || url.search !== '')
    throw new CouldNot(
      `an address of a server ends with its port; leave out ${JSON.stringify(url.pathname + url.search)}.`,
    );
  return new Client({ baseUrl: url.origin, ...auth });
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CouldNot(`cannot read the token file ${file}: ${whyUnreadable(error)}.`, { cause: error });
  }
}
