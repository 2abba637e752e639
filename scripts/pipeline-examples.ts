/** A pipeline for each section of docs/pipelines.md. Each is checked here, and run by cli/integration/documented-examples.test.ts. */
export const pipelineExamples = {
  Pipeline: `kind: Pipeline
metadata:
  name: nightly
  labels: { team: data }
env: { STAGE: test }
timeout: 2h
maxParallel: 4
jobs:
  hello:
    image: busybox
    run: echo "hello from $STAGE"
`,
  Job: `kind: Pipeline
jobs:
  fetch:
    image: curlimages/curl
    command: [curl, --fail]
    args: [--silent, https://example.com/]
    env:
      TOKEN: { secret: api-token }
    timeout: 5m
    retries:
      limit: 3
      backoff: { initial: 10s, factor: 2, max: 1m }
`,
  Step: `kind: Pipeline
jobs:
  build:
    image: node:20
    steps:
      - name: compile
        run: echo "made" > "$CHAINR_WORKSPACE/result"
      - name: lint
        run: exit 1
        continueOnError: true
      - name: pack
        image: busybox
        run: cat "$CHAINR_WORKSPACE/result"
`,
  Service: `kind: Pipeline
jobs:
  test:
    image: postgres:17
    env:
      PGPASSWORD: { secret: db-password }
    run: psql --host localhost --username postgres --command "select 1"
    services:
      - name: db
        image: postgres:17
        env:
          POSTGRES_PASSWORD: { secret: db-password }
        ready: { run: pg_isready --username postgres, timeout: 2m }
      - name: cache
        image: redis:7
        ready: { tcp: 6379 }
`,
  Kubernetes: `kind: Pipeline
kubernetes:
  namespace: builds
  labels: { team: data }
jobs:
  train:
    image: busybox
    run: echo "training on a node with a GPU"
    env:
      TOKEN: { kubernetesSecret: registry, key: token }
      LEVEL: { configMap: settings, key: log-level }
    kubernetes:
      labels: { tier: gpu }
      nodeSelector: { pool: gpu }
      tolerations:
        - { key: gpu, operator: Exists, effect: NoSchedule }
      volumes:
        - { name: models, persistentVolumeClaim: { claimName: models } }
      volumeMounts:
        - { name: models, mountPath: /models }
      podPatch:
        spec: { terminationGracePeriodSeconds: 120 }
`,
  Dependency: `kind: Pipeline
jobs:
  build: { image: busybox, run: exit 0 }
  test: { image: busybox, run: exit 1, dependsOn: [build] }
  report:
    image: busybox
    run: echo "the tests failed"
    dependsOn:
      - job: test
        conditions: { failure: true }
`,
  'Going on after a failure': `kind: Pipeline
jobs:
  lint: { image: busybox, run: exit 1, allowFailure: true }
  build:
    image: busybox
    run: echo "built, whatever lint has found"
    dependsOn:
      - job: lint
        conditions: { success: true, failure: true }
`,
  'Cleaning up at the end': `kind: Pipeline
jobs:
  unit: { image: busybox, run: exit 1 }
  slow: { image: busybox, run: sleep 1 }
  deploy: { image: busybox, run: echo "deployed", dependsOn: [unit, slow] }
  teardown:
    image: busybox
    run: echo "cleaned up"
    dependsOn:
      - { job: unit, conditions: { success: true, failure: true, skipped: true } }
      - { job: slow, conditions: { success: true, failure: true, skipped: true } }
      - { job: deploy, conditions: { success: true, failure: true, skipped: true } }
`,
  'When at least one succeeded': `kind: Pipeline
jobs:
  first-mirror: { image: busybox, run: exit 1, allowFailure: true }
  second-mirror: { image: busybox, run: exit 0, allowFailure: true }
  no-mirror:
    image: busybox
    run: echo "no mirror has worked"; exit 1
    dependsOn:
      - { job: first-mirror, conditions: { failure: true, skipped: true } }
      - { job: second-mirror, conditions: { failure: true, skipped: true } }
  publish:
    image: busybox
    run: echo "published"
    dependsOn:
      - { job: no-mirror, conditions: { skipped: true } }
`,
  'Shared parts': `kind: Pipeline
title: Nightly build of the site
x-defaults: &defaults
  image: busybox
  timeout: 5m
jobs:
  build: { <<: *defaults, title: Compile the pages, run: echo "built" }
  check: { <<: *defaults, dependsOn: [build], run: echo "checked" }
`,
  Duration: `kind: Pipeline
timeout: 1h30m
jobs:
  quick: { image: busybox, run: sleep 1, timeout: 90s }
`,
  Quantity: `kind: Pipeline
jobs:
  heavy:
    image: busybox
    run: echo done
    resources:
      requests: { cpu: 500m, memory: 256Mi }
      limits: { cpu: 2, memory: 1Gi }
`,
} as const;
