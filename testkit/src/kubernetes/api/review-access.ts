import { readBody, type ApiRequest } from './api-request.js';

interface AccessReview {
  spec?: {
    resourceAttributes?: Partial<Record<'namespace' | 'verb' | 'group' | 'resource' | 'subresource' | 'name', string>>;
  };
}

/** Answers a client that asks what it may do. */
export async function reviewAccess({ message, user }: ApiRequest): Promise<unknown> {
  const review = ((await readBody(message)) ?? {}) as AccessReview;
  const {
    namespace = '',
    verb = '',
    group = '',
    resource = '',
    subresource = '',
    name = '',
  } = review.spec?.resourceAttributes ?? {};
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  return { ...review, status: { allowed: user.may({ verb, group, resource: full, namespace, name }) } };
}
