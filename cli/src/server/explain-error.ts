import { UnknownAnswer } from '@chainr/core/api/client/parse-answer';
import { ConnectionError, RequestError } from '@chainr/core/api/client/request-error';
import { CouldNot } from '../exit-codes.js';

/** What went wrong, and what to do about it. An unexpected error comes with its stack. */
export function explainError(error: unknown): string {
  if (error instanceof CouldNot) return error.message;
  if (error instanceof ConnectionError) {
    if (error.code === 'ERR_SSL_WRONG_VERSION_NUMBER')
      return `the server at ${error.address} does not speak TLS: write its address with http://.`;
    return `${sayBroken(error)}: start one with \`chainr up\` or \`make run\`, or set another address with --server or CHAINR_SERVER.`;
  }
  if (error instanceof UnknownAnswer) return `${error.message} Is --server correct?`;
  if (error instanceof RequestError) return explainAnswer(error);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Why the server does not answer for now. */
export function explainAway(why: Error): string {
  if (!(why instanceof ConnectionError)) return why.message;
  const text = sayBroken(why);
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function sayBroken({ refused, address, message }: ConnectionError): string {
  return `${refused ? `no server answers at ${address}` : `the connection to ${address} broke`} (${message})`;
}

function explainAnswer(error: RequestError): string {
  if (error.status === 401)
    return `${error.message} Set the token in CHAINR_TOKEN, or name its file with --token-file.`;
  if (error.requestId === undefined) return `${error.message} This is not a response of chainr; is --server correct?`;
  if (error.isRefusal('no-run')) return `${error.message} \`chainr get runs\` lists the runs.`;
  // The message includes the first one.
  const places = error.details.slice(1).map(({ path, message }) => `\n  ${path === '' ? '' : `${path}: `}${message}`);
  const trace = error.status >= 500 ? ` (request ${error.requestId})` : '';
  return `${error.message}${trace}${places.join('')}`;
}
