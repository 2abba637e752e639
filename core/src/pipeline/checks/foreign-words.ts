/** Fields of other systems (GitHub Actions, GitLab CI, Argo, Azure, Drone), each with what chainr has instead. */
export type ForeignWords = Readonly<Partial<Record<string, string>>>;

const dependsOn = 'write the jobs to wait for as dependsOn: [build]';
const run = 'write the shell script as run: make test, with several lines below run: |';
const jobConditions =
  'a job runs by how its dependencies end: dependsOn: [{ job: build, conditions: { failure: true } }]; test anything else in the script of "run"';
const stepConditions = 'steps have no conditions: test it in the script of "run", or use a job with dependsOn';
const stepOrder = 'steps run one after the other; jobs wait for other jobs with dependsOn';
const stage = 'there are no stages: order jobs with dependsOn: [build]';
const pool = 'choose the workers that run the job with pool: NAME';
const variables = 'write variables as env: { NAME: value }';
const readiness =
  'write when the service is ready as ready: { tcp: 5432 }, { http: { port: 8080 } } or { run: pg_isready }';
const clusterValue =
  'write a value of the cluster as { kubernetesSecret: NAME, key: KEY } or { configMap: NAME, key: KEY }';

const services =
  'services belong to a job, as a list: jobs: { NAME: { services: [{ name: db, image: postgres }], … } }';
const podSetting = (field: string): string => `write it as kubernetes: { ${field}: … }`;
const podPatch = podSetting('podPatch');

/** Settings of pods, as other systems write them on a pipeline or job. */
const podWords: ForeignWords = {
  ...Object.fromEntries(
    [
      'affinity',
      'annotations',
      'imagePullSecrets',
      'namespace',
      'nodeSelector',
      'podPatch',
      'priorityClassName',
      'runtimeClassName',
      'serviceAccount',
      'tolerations',
      'volumeMounts',
      'volumes',
    ].map((field) => [field, podSetting(field)]),
  ),
  serviceAccountName: podSetting('serviceAccount'),
  podSpecPatch: podPatch,
  podTemplate: podPatch,
};

export const pipelineWords: ForeignWords = {
  ...podWords,
  services,
  stage,
  stages: stage,
  steps: 'steps belong to a job: jobs: { NAME: { image: busybox, steps: […] } }',
  variables,
};

export const jobWords: ForeignWords = {
  ...podWords,
  labels: podSetting('labels'),
  sidecars: 'write containers that run beside the steps as services: [{ name: db, image: postgres }]',
  needs: dependsOn,
  depends: dependsOn,
  depends_on: dependsOn,
  dependencies: dependsOn,
  script: run,
  commands: run,
  if: jobConditions,
  when: jobConditions,
  'runs-on': pool,
  tags: pool,
  stage,
  variables,
};

export const stepWords: ForeignWords = {
  needs: stepOrder,
  depends: stepOrder,
  depends_on: stepOrder,
  dependsOn: stepOrder,
  script: run,
  commands: run,
  if: stepConditions,
  when: stepConditions,
  stage,
  variables,
};

export const serviceWords: ForeignWords = {
  alias: 'the name of the service is its host name: name: db',
  entrypoint: 'write the program as command: [postgres]',
  healthcheck: readiness,
  healthCheck: readiness,
  livenessProbe: readiness,
  options: 'write a health check as ready: { run: pg_isready }',
  ports: 'steps reach every port of a service as localhost: nothing has to be published',
  readinessProbe: readiness,
  run: 'services run their own program: write command: [/bin/sh, -c, "…"]',
  startupProbe: readiness,
  variables,
};

export const kubernetesWords: ForeignWords = {
  env: 'env belongs to the pipeline, a job, a step or a service',
  patch: 'write a part of a Pod as podPatch: { spec: { … } }',
  podSpecPatch: 'write a part of a Pod as podPatch: { spec: { … } }',
  resources: 'resources belong to a job, a step or a service',
  serviceAccountName: 'write serviceAccount: NAME',
  spec: 'write a part of a Pod as podPatch: { spec: { … } }',
};

/** Values of `env`. */
export const valueWords: ForeignWords = {
  valueFrom: clusterValue,
  secretKeyRef: clusterValue,
  configMapKeyRef: clusterValue,
};
