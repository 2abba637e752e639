import type { AttemptSpec, KeptSecret } from '../port.js';
import { ApiError } from './api/api-error.js';
import type { KubernetesContext } from './context.js';
import type { SecretPlace } from './policy/policy.js';

/**
 * Reads a secret from the Secret of the home namespace where the policy says it is. A container in that namespace can have
 * the value from there; the worker needs it only to hide it. See the port.
 */
export async function readSecret(
  { api, boards, policy }: Pick<KubernetesContext, 'api' | 'boards' | 'policy'>,
  name: string,
  { kubernetes }: Pick<AttemptSpec, 'kubernetes'>,
): Promise<KeptSecret | undefined> {
  const place = placeOf(policy.secrets, name);
  if (!place) return undefined;
  const { secret, key } = place;
  const home = boards[0]?.namespace ?? '';
  const missing = { missing: `the key ${key} of the Secret ${secret} in namespace ${home}` };
  try {
    const path = `/api/v1/namespaces/${home}/secrets/${secret}`;
    const { data = {} } = await api.call<{ data?: Record<string, string> }>('GET', path);
    const encoded = Object.hasOwn(data, key) ? data[key] : undefined;
    if (encoded === undefined) return missing;
    const isHome = (kubernetes?.namespace ?? home) === home;
    return { bytes: Buffer.from(encoded, 'base64'), ...(isHome && { place: { kubernetesSecret: secret, key } }) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404) return missing;
    if (error.status !== 403) throw error;
    return {
      refusal: `cannot be read: the worker has no right to get the Secret ${secret} in namespace ${home}; add it to its Role`,
    };
  }
}

function placeOf({ fromSecret, named }: KubernetesContext['policy']['secrets'], name: string): SecretPlace | undefined {
  if (Object.hasOwn(named, name)) return named[name];
  return fromSecret === undefined ? undefined : { secret: fromSecret, key: name };
}
