import { missingRightReason, type ApiError } from '../api/api-error.js';

/** `quota`: not for now. `refused`: not as it is specified, or not by this worker. */
export interface Refusal {
  kind: 'quota' | 'refused';
  message: string;
}

/** What of an attempt is to be created, as in `its pod`. */
export type Created = 'pod' | 'Secret';

/** Statuses that say nothing about an object: who asks is unknown, or the server has too much to do. */
const outages = new Set([401, 408, 409, 429]);

/** A quota whose use has not been counted yet refuses everything for a moment. */
const usedUp = /exceeded quota|status unknown for quota/;

/** From the store behind the API server, which answers with status 500. The server itself has the status 413. */
const tooLarge = /request is too large|trying to send message larger than max/;

/** `fieldValidation=Strict`: https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation */
const unknownField = /unknown field "([^"]*)"/g;

/** What it means for an attempt that the API server does not create its pod or Secret; undefined if it is an outage. */
export function refusalOf(error: ApiError, namespace: string, created: Created): Refusal | undefined {
  const { status, reason, message } = error;
  const what = `its ${created}`;
  const refused = (text: string): Refusal => ({ kind: 'refused', message: text });
  if (status === 413 || tooLarge.test(message)) {
    return refused(`The cluster cannot store ${what}, which is too large: ${withoutStop(message)}. It can have some 1.5 MB: shorten the scripts, variables or \`kubernetes\` settings of the job.`); // prettier-ignore
  }
  if (status >= 500 || outages.has(status)) return undefined;
  if (status === 403 && usedUp.test(message)) {
    return { kind: 'quota', message: `The quota of namespace ${namespace} has no room for ${what}: ${afterColon(message)}.` }; // prettier-ignore
  }
  if (status === 403 && message.includes('failed quota')) {
    return refused(`The quota of namespace ${namespace} wants every pod to say what it needs: ${afterColon(message)}. Set "resources".`); // prettier-ignore
  }
  const unknown = [...message.matchAll(unknownField)].map(([, field]) => field);
  if (status === 400 && unknown.length > 0) {
    return refused(`The API server does not know these fields of ${what}: ${unknown.join(', ')}. Correct them in the \`kubernetes\` settings of the job.`); // prettier-ignore
  }
  if (message.includes('violates PodSecurity')) {
    return refused(`Namespace ${namespace} does not allow ${what}: ${afterColon(message)}.`);
  }
  if (message.includes('admission webhook')) return refused(`A policy of the cluster refused ${what}: ${message}.`);
  if (reason === missingRightReason) return refused(message);
  return refused(`The cluster refused ${what}: ${withoutStop(message)}.`);
}

const withoutStop = (message: string): string => message.replace(/\.$/, '');

/** Without `pods "NAME" is forbidden: `, which says nothing to the author of a pipeline. */
const afterColon = (message: string): string => withoutStop(message.replace(/^\S+ "[^"]*" is forbidden: /, ''));
