import { UnknownAnswer } from '@chainr/core/api/client/parse-answer';
import { ConnectionError, RequestError } from '@chainr/core/api/client/request-error';
import { CouldNot } from '../exit-codes.js';

/** What went wrong, and what to do about it: for a person. A fault of chainr itself comes with its stack. */
export function explainError(error: unknown): string {
  if (error instanceof CouldNot) return error.message;
  if (error instanceof ConnectionError) {
    if (error.message === 'ERR_SSL_WRONG_VERSION_NUMBER')
      return `the server at ${error.address} does not speak TLS: write its address with http://.`;
    return `${sayBroken(error)}: start one with \`chainr up\` or \`make run\`, or set another address with --server or CHAINR_SERVER.`;
  }
  if (error instanceof UnknownAnswer) return `${error.message} Is --server correct?`;
  if (error instanceof RequestError) return explainAnswer(error);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What keeps a server from answering for now: the begin of a sentence. */
export function explainAway(why: Error): string {
  const text = why instanceof ConnectionError ? sayBroken(why) : why.message;
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/\.$/, '')}`;
}

function sayBroken({ refused, address, message }: ConnectionError): string {
  return `${refused ? `no server answers at ${address}` : `the connection to ${address} broke`} (${message})`;
}

function explainAnswer(error: RequestError): string {
  if (error.status === 401)
    return `${error.message} Set the token in CHAINR_TOKEN, or name its file with --token-file.`;
  if (error.requestId === undefined) return `${error.message} This is not a response of chainr; is --server correct?`;
  if (error.status === 404 && /^There is no run\b/.test(error.message))
    return `${error.message} \`chainr get runs\` lists the runs.`;
  // What the sentence has said already is not said again.
  const further = error.details.filter(({ path, message }) => path !== '' && !error.message.includes(message));
  const places = further.map(({ path, message }) => `\n  ${path}: ${message}`);
  const trace = error.status >= 500 ? ` (request ${error.requestId})` : '';
  return `${error.message}${trace}${places.join('')}`;
}
