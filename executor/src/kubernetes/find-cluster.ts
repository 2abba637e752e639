import { ApiClient } from './api/api-client.js';
import { ApiError, statusOf } from './api/api-error.js';
import type { Credentials } from './api/credentials.js';
import { missingRights } from './missing-rights.js';

export interface FoundCluster {
  /** The uid of the home namespace: it identifies the cluster, and needs no right beyond the namespace. */
  id: string;
}

/**
 * Asks for the namespaces that a worker serves, and for its rights in each of them.
 * @param namespaces the home namespace first
 * @return why there is no cluster to work with, if there is none: all that is wrong, as a part of a sentence
 */
export async function findCluster(
  credentials: Credentials,
  namespaces: readonly string[],
): Promise<FoundCluster | { absent: string }> {
  const api = new ApiClient(credentials);
  const where = `the API server ${credentials.server.origin} (from ${credentials.source})`;
  try {
    const found = await Promise.all(namespaces.map((each, index) => findNamespace(api, each, where, index === 0)));
    const absent = found.flatMap((each) => ('absent' in each ? [each.absent] : []));
    const [home] = found;
    return home && 'id' in home && absent.length === 0 ? { id: home.id } : { absent: absent.join('; ') };
  } catch (error) {
    if (!(error instanceof ApiError)) {
      const why = error instanceof Error ? error.message : String(error);
      return { absent: `${where} cannot be asked: ${why}` };
    }
    if (error.status === 401) return { absent: `${where} does not accept the credentials` };
    return { absent: `${where} refused: ${error.message}` };
  } finally {
    api.close();
  }
}

/** The uid of a namespace, which only that of the home namespace must be known of. */
async function findNamespace(
  api: ApiClient,
  namespace: string,
  where: string,
  isHome: boolean,
): Promise<FoundCluster | { absent: string }> {
  let id = '';
  try {
    const { metadata } = await api.call<{ metadata: { uid: string } }>('GET', `/api/v1/namespaces/${namespace}`);
    id = metadata.uid;
  } catch (error) {
    if (statusOf(error) === 404) return { absent: `there is no namespace ${namespace} at ${where}` };
    if (statusOf(error) !== 403) throw error;
    if (isHome) {
      return {
        absent: `${where} does not let this worker read the namespace ${namespace}: give it the Role of docs/kubernetes.md`,
      };
    }
  }
  const missing = await missingRights(api, namespace);
  if (missing.length === 0) return { id };
  return {
    absent: `${where} does not let this worker ${missing.join(', ')} in the namespace ${namespace}: give it the Role of docs/kubernetes.md`,
  };
}
