import { UnknownAnswer } from '@chainr/core/api/parse-answer';
import { ConnectionError, RequestError } from '@chainr/core/api/request-error';
import { CouldNot } from './exit-codes.js';

/** What went wrong, and what to do about it: for a person. A fault of chainr itself comes with its stack. */
export function explainError(error: unknown): string {
  if (error instanceof CouldNot) return error.message;
  if (error instanceof ConnectionError) {
    const problem = error.refused ? 'no server answers' : 'the connection to the server broke';
    return `${problem} (${error.message}): start it with \`make run\` or \`chainr up\`, or name it with --server.`;
  }
  if (error instanceof UnknownAnswer) return `${error.message} Is --server right?`;
  if (error instanceof RequestError) return explainAnswer(error);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function explainAnswer(error: RequestError): string {
  if (error.status === 401)
    return 'the server wants a token: put it into CHAINR_TOKEN, or into a file for --token-file.';
  // What the sentence has said already is not said again.
  const further = error.details.filter(({ path, message }) => path !== '' && !error.message.includes(message));
  const places = further.map(({ path, message }) => `\n  ${path}: ${message}`);
  const trace = error.status >= 500 && error.requestId !== undefined ? ` (request ${error.requestId})` : '';
  return `${error.message}${trace}${places.join('')}`;
}
