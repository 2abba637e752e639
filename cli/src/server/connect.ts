import { readFileSync } from 'node:fs';
import { Client } from '@chainr/core/api/client/client';
import type { ClientOptions } from '@chainr/core/api/client/send-request';
import { socketFetch } from '@chainr/core/api/client/socket-fetch';
import { CouldNot } from '../exit-codes.js';
import { explainAway } from './explain-error.js';
import { whyUnreadable } from '../pipeline-file/why-unreadable.js';
import { note, type Terminal } from '../terminal/terminal.js';

/** Options of every command that needs a server. */
export interface ServerOptions {
  server?: string;
  tokenFile?: string;
}

export const defaultServer = 'http://127.0.0.1:8080';

/**
 * A client for the server named by the options, else by the environment, else the default.
 *
 * @throws CouldNot if the address or the token is invalid
 */
export function connect(options: ServerOptions, terminal: Terminal): Client {
  const client = new Client(clientOptions(options, terminal));
  client.onAway((why) => {
    note(terminal, why ? `${explainAway(why)} Trying again.` : 'The server is reachable again.');
  });
  return client;
}

function clientOptions(options: ServerOptions, { env }: Terminal): ClientOptions {
  const server = options.server ?? (env['CHAINR_SERVER'] || defaultServer);
  const token = options.tokenFile === undefined ? env['CHAINR_TOKEN'] : readToken(options.tokenFile);
  const auth = token ? { token: checkToken(token, options.tokenFile ?? 'CHAINR_TOKEN') } : {};
  if (server.startsWith('unix:/'))
    return {
      baseUrl: 'http://localhost',
      address: server,
      fetch: socketFetch(server.slice('unix:'.length)),
      ...auth,
    };
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new CouldNot(`${JSON.stringify(server)} is not the address of a server; write it like ${defaultServer}.`);
  }
  if (url.pathname !== '/' || url.search !== '')
    throw new CouldNot(
      `the address of a server ends with its port; leave out ${JSON.stringify(url.pathname + url.search)}.`,
    );
  return { baseUrl: url.origin, ...auth };
}

function readToken(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CouldNot(`cannot read the token file ${file}: ${whyUnreadable(error)}.`, { cause: error });
  }
  if (token === '') throw new CouldNot(`the token file ${file} is empty.`);
  return token;
}

/** Refuses a token that no header can carry. The error of `fetch` would show it. */
function checkToken(token: string, origin: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CouldNot(
    `the token in ${origin} is invalid: a token is one line of printable ASCII characters without spaces.`,
  );
}
