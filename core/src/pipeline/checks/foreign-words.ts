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

export const pipelineWords: ForeignWords = {
  stage,
  stages: stage,
  steps: 'steps belong to a job: jobs: { NAME: { image: busybox, steps: […] } }',
  variables,
};

export const jobWords: ForeignWords = {
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
