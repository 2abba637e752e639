import { ApiClient } from './api/api-client.js';
import { ApiError } from './api/api-error.js';
import type { Credentials } from './api/credentials.js';

export interface FoundCluster {
  /** The uid of the home namespace: it identifies the cluster, and needs no right beyond the namespace. */
  id: string;
}

/** Asks for the home namespace. @return why there is no cluster to work with, as a sentence, if there is none */
export async function findCluster(
  credentials: Credentials,
  namespace: string,
): Promise<FoundCluster | { absent: string }> {
  const api = new ApiClient(credentials);
  const where = `the API server ${credentials.server.origin} (from ${credentials.source})`;
  try {
    const found = await api.call<{ metadata: { uid: string } }>('GET', `/api/v1/namespaces/${namespace}`);
    return { id: found.metadata.uid };
  } catch (error) {
    if (!(error instanceof ApiError)) {
      const why = error instanceof Error ? error.message : String(error);
      return { absent: `${where} does not answer: ${why}` };
    }
    if (error.status === 404) return { absent: `there is no namespace ${namespace} at ${where}` };
    if (error.status === 401) return { absent: `${where} does not accept the credentials` };
    if (error.status === 403) {
      return {
        absent: `${where} does not let this worker read the namespace ${namespace}: give it the Role of docs/kubernetes.md`,
      };
    }
    return { absent: `${where} refused: ${error.message}` };
  } finally {
    api.close();
  }
}
