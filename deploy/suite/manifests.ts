import { readFileSync, readdirSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

export interface Container {
  name: string;
  image: string;
  args?: string[];
  env?: { name: string; value?: string }[];
  ports?: { name: string; containerPort: number }[];
  securityContext?: Record<string, unknown>;
  volumeMounts?: { name: string; mountPath: string }[];
  readinessProbe?: object;
  livenessProbe?: object;
  resources?: object;
}

export interface PodSpec {
  serviceAccountName: string;
  automountServiceAccountToken: boolean;
  terminationGracePeriodSeconds: number;
  securityContext: Record<string, unknown>;
  initContainers?: Container[];
  containers: Container[];
  volumes?: (Record<string, unknown> & { name: string })[];
}

export interface Manifest {
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
  spec?: { template?: { metadata: object; spec: PodSpec } } & Record<string, unknown>;
  rules?: { resources: string[]; verbs: string[]; resourceNames?: string[] }[];
}

export const topologies = ['split', 'single'] as const;

export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((each) => each !== null);
}

/** What `kubectl apply -k deploy/kustomize/TOPOLOGY` applies. */
export function readManifests(topology: string): Manifest[] {
  const folder = `deploy/kustomize/${topology}`;
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  return files
    .filter((file) => file !== 'kustomization.yaml')
    .flatMap((file) => parseManifests(readFileSync(`${folder}/${file}`, 'utf8')));
}

/** The pods of workloads, each with all of its containers. */
export function podsOf(manifests: readonly Manifest[]): { name: string; spec: PodSpec; containers: Container[] }[] {
  return manifests.flatMap(({ metadata, spec }) => {
    const pod = spec?.template?.spec;
    return pod
      ? [{ name: metadata.name, spec: pod, containers: [...(pod.initContainers ?? []), ...pod.containers] }]
      : [];
  });
}
