import { quote } from '../../pipeline/mistakes.js';
import { ApiError } from '../contract/errors.js';

/** The parameters of a query, without a prototype. A repeated parameter is a list. */
export type SentQuery = Readonly<Record<string, string | readonly string[]>>;

/** No query needs more. Counts every part between `&`, empty ones too. */
const maxParts = 100;

/**
 * Reads the query of a request target (`application/x-www-form-urlencoded`: URL Standard, section 5.1), completely or
 * not at all: a parameter that was dropped silently may have been the one that asks for a dry run.
 *
 * @throws ApiError BadRequest for more than 100 parameters, and for percent-encoding that is not UTF-8
 */
export function parseQuery(target: string): SentQuery {
  const begin = target.indexOf('?');
  const parts = begin === -1 ? [] : target.slice(begin + 1).split('&');
  if (parts.length > maxParts)
    throw badQuery(`there are ${String(parts.length)} parameters; at most ${String(maxParts)} are allowed.`);
  const query = Object.create(null) as Record<string, string | string[]>;
  for (const part of parts) {
    if (part === '') continue;
    const [name, value] = split(part);
    const before = query[name];
    query[name] = before === undefined ? value : [before, value].flat();
  }
  return query;
}

function split(part: string): [name: string, value: string] {
  const equals = part.indexOf('=');
  return equals === -1 ? [decode(part), ''] : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw badQuery(`${quote(text)} is not UTF-8 in percent-encoding.`);
  }
}

function badQuery(message: string): ApiError {
  return new ApiError('BadRequest', `Invalid query: ${message}`, {
    details: [{ path: '', message }],
  });
}
