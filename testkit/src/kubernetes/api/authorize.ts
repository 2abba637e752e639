import { ApiError, forbidden } from './status.js';
import { fullResource, type Access, type ApiRequest, type User } from './api-request.js';

/** Some rights, as a rule of a Role has them. `*` stands for all. */
export interface Rule {
  verbs: readonly string[];
  resources: readonly string[];
  apiGroups?: readonly string[];
  resourceNames?: readonly string[];
  /** Where it holds; everywhere if absent. */
  namespace?: string;
}

export const everything: Rule = { verbs: ['*'], resources: ['*'], apiGroups: ['*'] };

const anonymous: User = { name: 'system:anonymous', may: () => false };

/** The tokens that the API server knows, and what they may do. */
export class Tokens {
  readonly #users = new Map<string, User>();

  add(token: string, name: string, rules: readonly Rule[]): void {
    this.#users.set(token, { name, may: (access) => rules.some((rule) => allows(rule, access)) });
  }

  revoke(token: string): void {
    this.#users.delete(token);
  }

  /** @throws ApiError 401 for a token that nobody knows */
  userOf(authorization: string | undefined): User {
    if (authorization === undefined) return anonymous;
    const user = this.#users.get(authorization.replace(/^Bearer +/i, ''));
    if (!user) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
    return user;
  }
}

function allows(rule: Rule, access: Access): boolean {
  const has = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);
  if (rule.namespace !== undefined && rule.namespace !== access.namespace) return false;
  if (rule.resourceNames && !rule.resourceNames.includes(access.name)) return false;
  return (
    has(rule.verbs, access.verb) && has(rule.apiGroups ?? [''], access.group) && has(rule.resources, access.resource)
  );
}

/** @throws ApiError 403 */
export function authorize(request: ApiRequest): void {
  const { verb, resource, namespace, name, user } = request;
  // The ClusterRole `system:basic-user` lets everybody with a token ask.
  if (resource.kind === 'SelfSubjectAccessReview' && user !== anonymous) return;
  const full = fullResource(request);
  if (user.may({ verb, group: resource.group, resource: full.plural, namespace, name })) return;
  const place = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const what = `User "${user.name}" cannot ${verb} resource "${full.plural}" in API group "${resource.group}" ${place}`;
  throw forbidden(resource, name, what);
}
