/**
 * Every value of the Helm chart: its default, its schema and its sentence. `write-chart-values.ts` makes values.yaml,
 * values.schema.json and docs/helm-values.md of this table.
 */

export interface ChartValue {
  /** One line for people. */
  doc: string;
  default: unknown;
  /** JSON schema (draft 7) of the value. */
  schema: object;
}

export interface ChartGroup {
  doc: string;
  values: Readonly<Record<string, ChartValue | ChartGroup>>;
}

export const isGroup = (entry: ChartValue | ChartGroup): entry is ChartGroup => 'values' in entry;

const text = (value: string, doc: string, limits: object = {}): ChartValue => ({
  doc,
  default: value,
  schema: { type: 'string', ...limits },
});
const oneOf = (value: string, choices: readonly string[], doc: string): ChartValue => ({
  doc,
  default: value,
  schema: { type: 'string', enum: choices },
});
const yes = (doc: string): ChartValue => ({ doc, default: true, schema: { type: 'boolean' } });
const no = (doc: string): ChartValue => ({ doc, default: false, schema: { type: 'boolean' } });
const count = (value: number, doc: string, minimum = 0, maximum?: number): ChartValue => ({
  doc,
  default: value,
  schema: { type: 'integer', minimum, ...(maximum === undefined ? {} : { maximum }) },
});
const map = (doc: string): ChartValue => ({
  doc,
  default: {},
  schema: { type: 'object', additionalProperties: { type: 'string' } },
});
const list = (doc: string, items: object): ChartValue => ({ doc, default: [], schema: { type: 'array', items } });
/** A piece of Kubernetes, which the API server checks. */
const piece = (doc: string): ChartValue => ({ doc, default: {}, schema: { type: 'object' } });
const pieces = (doc: string): ChartValue => list(doc, { type: 'object' });

const requests = { type: 'object', additionalProperties: { type: ['string', 'number'] } };
const resources = (cpu: string, memory: string, limit: string): ChartValue => ({
  doc: 'Requests and limits of its container.',
  default: { requests: { cpu, memory }, limits: { memory: limit } },
  schema: { type: 'object', additionalProperties: false, properties: { requests, limits: requests } },
});
const env = (service: string): ChartValue =>
  map(
    `Further settings of ${service} (docs/settings.md), such as \`CHAINR_LOG_LEVEL: debug\`. They replace those of the chart.`,
  );

const autoscaling = (service: string): ChartGroup => ({
  doc: `HorizontalPodAutoscaler of ${service}; needs the metrics server. Topology \`split\` only.`,
  values: {
    enabled: no('Scale by CPU time; `replicas` then has no effect.'),
    minReplicas: count(2, 'Fewest pods.', 1),
    maxReplicas: count(10, 'Most pods.', 1),
    cpuPercent: count(80, 'Target of the used CPU time, in percent of the request.', 1),
  },
});

const gate: ChartGroup = {
  doc: 'The only door: token, limits, proxy.',
  values: {
    replicas: count(2, 'Pods with topology `split`.'),
    resources: resources('50m', '96Mi', '256Mi'),
    env: env('gate'),
    autoscaling: autoscaling('gate'),
    service: {
      doc: 'The Service of gate.',
      values: {
        type: oneOf(
          'ClusterIP',
          ['ClusterIP', 'NodePort', 'LoadBalancer'],
          'How it is reached: `NodePort` and `LoadBalancer` need no Ingress.',
        ),
        port: count(80, 'Its port.', 1, 65_535),
        nodePort: count(0, 'The port of each node with type `NodePort`; 0: the cluster chooses one.', 0, 65_535),
        annotations: map('Annotations, for example for a load balancer.'),
      },
    },
    ingress: {
      doc: 'An Ingress for gate.',
      values: {
        enabled: yes('Create it. Without an ingress controller it has no effect.'),
        host: text('chainr.io', 'Name under which people reach chainr.', { minLength: 1 }),
        className: text('', 'Ingress class; empty: the default one of the cluster.'),
        annotations: map(
          'Annotations, for example `cert-manager.io/cluster-issuer: letsencrypt`, or longer timeouts for streams.',
        ),
        tls: no('Serve HTTPS with the certificate in `tlsSecret`.'),
        tlsSecret: text('chainr-tls', 'Secret of the certificate; cert-manager makes it.', { minLength: 1 }),
      },
    },
    route: {
      doc: 'An HTTPRoute for gate, where the cluster has the Gateway API. Set `gate.ingress.enabled` to false with it.',
      values: {
        enabled: no('Create it.'),
        parentRefs: pieces('The Gateways, such as `{ name: public, namespace: gateways }`; at least one.'),
        hostnames: list('Host names; empty: those of the Gateway.', { type: 'string' }),
        annotations: map('Annotations.'),
      },
    },
  },
};

const sched: ChartGroup = {
  doc: 'The REST API.',
  values: {
    replicas: count(2, 'Pods with topology `split`.'),
    resources: resources('100m', '160Mi', '512Mi'),
    env: env('sched'),
    autoscaling: autoscaling('sched'),
  },
};

const notif: ChartGroup = {
  doc: 'The event stream.',
  values: {
    replicas: count(2, 'Pods with topology `split`.'),
    resources: resources('50m', '96Mi', '384Mi'),
    env: env('notif'),
    autoscaling: autoscaling('notif'),
  },
};

const ui: ChartGroup = {
  doc: 'The page.',
  values: {
    replicas: count(1, 'Pods with topology `split`.'),
    resources: resources('20m', '80Mi', '192Mi'),
    env: env('ui'),
  },
};

const recycle: ChartGroup = {
  doc: 'Housekeeping in Redis.',
  values: {
    replicas: count(1, 'Pods with topology `split`; two may run at once.'),
    resources: resources('50m', '96Mi', '256Mi'),
    env: env('recycle'),
  },
};

const work: ChartGroup = {
  doc: 'The workers: they run jobs as pods. The only service with rights in the cluster.',
  values: {
    replicas: count(
      2,
      'Pods with topology `split`. With one, its jobs go on while it is replaced, but nobody watches them.',
    ),
    resources: resources('100m', '192Mi', '768Mi'),
    env: env('work'),
    capacity: count(
      100,
      'How many jobs one worker runs at once. They are pods of their own, so this is not a matter of its CPU.',
      1,
      10_000,
    ),
    pool: text('kubernetes', 'Pool that the workers serve, and that jobs go to if their pipeline names none.', {
      minLength: 1,
    }),
    namespaces: list(
      'Namespaces in which jobs may run; those that name none run in the first. They must exist. Empty: the namespace of chainr.',
      { type: 'string', minLength: 1 },
    ),
    clusterWide: no(
      'Give the rights by a ClusterRole in every namespace, instead of a Role in each of `namespaces`. Workers still serve only `namespaces`.',
    ),
    policy: piece(
      'What the pods of jobs may have (docs/kubernetes.md, Policy): `allow`, `runAsNonRoot`, `resources`, `secrets`. The workers may read exactly the Secrets that `secrets` names.',
    ),
    jobSecrets: text(
      '',
      'Secret whose keys are secrets for jobs, as files of the workers. It gives them the right to create Secrets.',
    ),
    keda: {
      doc: 'ScaledObject of KEDA: as many workers as the jobs that wait or run need, each with `work.capacity`. Topology `split` only.',
      values: {
        enabled: no('Create it; `replicas` then has no effect.'),
        minReplicas: count(2, 'Fewest workers.', 0),
        maxReplicas: count(20, 'Most workers.', 1),
        prometheusUrl: text('http://prometheus-operated.monitoring:9090', 'Prometheus that scrapes chainr.', {
          minLength: 1,
        }),
        query: text('', 'PromQL of the jobs that wait or run; empty: those of `work.pool`.'),
      },
    },
  },
};

const redis: ChartGroup = {
  doc: 'Redis: the one of the chart, or your own.',
  values: {
    url: text(
      '',
      'Address of your own Redis: `redis://host:6379`, `rediss://…` for TLS, `redis+sentinel://host,host/GROUP`, `redis+cluster://host,host`. Empty: the chart brings one.',
      { pattern: '^$|^rediss?(\\+(sentinel|cluster))?://' },
    ),
    existingSecret: text(
      '',
      'Secret with the key `password`. Empty: the chart makes one for its own Redis, and yours needs none.',
    ),
    caSecret: text(
      '',
      'Secret with the key `ca.crt`: who signed the certificate of your own Redis, if the system does not know it.',
    ),
    image: text(
      'docker.io/valkey/valkey:8.1-alpine',
      'Image of the Redis of the chart: Redis 7.0 or Valkey 7.2, or newer.',
      { minLength: 1 },
    ),
    user: count(999, 'User and group as which it runs.', 1),
    memory: text('512mb', 'Its `maxmemory`. Above 80 % of it new runs are refused; nothing is ever evicted.', {
      pattern: '^[0-9]+([kmg]b?)?$',
    }),
    appendfsync: oneOf(
      'everysec',
      ['everysec', 'always'],
      '`everysec`: if its machine stops, the last two seconds may be lost. `always`: nothing is lost, and writes are slower.',
    ),
    resources: resources('100m', '256Mi', '1Gi'),
    storage: {
      doc: 'Its volume, which stays when chainr is removed.',
      values: {
        size: text('8Gi', 'Size: at least four times `redis.memory`, as the file is rewritten beside the old one.', {
          minLength: 1,
        }),
        className: text('', 'Storage class; empty: the default one of the cluster.'),
      },
    },
  },
};

const pods: ChartGroup = {
  doc: 'What all pods of chainr have. The pods of jobs have their own settings.',
  values: {
    labels: map('Further labels.'),
    annotations: map('Further annotations.'),
    nodeSelector: map('Nodes on which they may run.'),
    tolerations: pieces('Tolerations.'),
    affinity: piece('Affinity.'),
    priorityClassName: text('', 'Priority class.'),
    spread: oneOf(
      'ScheduleAnyway',
      ['ScheduleAnyway', 'DoNotSchedule'],
      'Whether pods of one service that cannot be on different nodes run all the same.',
    ),
    terminationGracePeriodSeconds: count(
      45,
      'Time to stop: longer than the 5 s in which connections drain and the 30 s in which a service hands over.',
      40,
    ),
  },
};

const networkPolicy: ChartGroup = {
  doc: 'Who may open connections to the pods of chainr. Only gate asks for a token: without NetworkPolicies, or in a cluster that does not enforce them, every pod can use the API.',
  values: {
    enabled: yes('Create them: everybody reaches gate, gate reaches the services, the services reach Redis.'),
    gateFrom: pieces('Peers that may reach gate; empty: all. An ingress controller is one.'),
    metricsFrom: pieces(
      'Peers that may reach the ports of all services to read metrics, such as `{ namespaceSelector: …, podSelector: … }` of Prometheus. They could also use the API, which is on the same port.',
    ),
  },
};

const monitoring: ChartGroup = {
  doc: 'Objects for the Prometheus operator and Grafana.',
  values: {
    podMonitor: {
      doc: 'PodMonitor of all services.',
      values: {
        enabled: no('Create it; needs `networkPolicy.metricsFrom` if NetworkPolicies are on.'),
        interval: text('15s', 'Scrape interval.', { minLength: 1 }),
        labels: map('Labels by which Prometheus finds it.'),
      },
    },
    rules: {
      doc: 'PrometheusRule with the alerts of docs/operations.md.',
      values: {
        enabled: no('Create it.'),
        labels: map('Labels by which Prometheus finds it.'),
        runbookBase: text(
          '',
          'What goes before the links of alerts to their runbook, `docs/operations.md#…`: an address that ends with a slash.',
        ),
      },
    },
    dashboard: {
      doc: 'ConfigMap with the dashboard, for the sidecar of Grafana.',
      values: {
        enabled: no('Create it.'),
        labels: { ...map('Labels by which Grafana finds it.'), default: { grafana_dashboard: '1' } },
      },
    },
  },
};

/** All values, in the order of values.yaml. */
export const chartValues: ChartGroup = {
  doc: 'Values of the chart of chainr.',
  values: {
    topology: oneOf(
      'split',
      ['split', 'single'],
      '`split`: each service has pods of its own. `single`: one pod runs all of it, Redis too, for a small cluster.',
    ),
    image: {
      doc: 'Images: `REGISTRY/services:TAG`, and `REGISTRY/page:TAG` for ui.',
      values: {
        registry: text('docker.io/chainr', 'Registry and folder.', { minLength: 1 }),
        tag: text('', 'Tag; empty: the version of the chart.'),
        pullPolicy: oneOf('IfNotPresent', ['IfNotPresent', 'Always', 'Never'], 'When nodes pull them.'),
        pullSecrets: list('Names of Secrets for the registry.', { type: 'string' }),
      },
    },
    token: {
      doc: 'The token that every request to the API needs.',
      values: {
        existingSecret: text(
          '',
          'Secret with the key `token`. Empty: the chart makes one at the first install and keeps it. Name one with tools that only render, such as Argo CD.',
        ),
      },
    },
    logLevel: oneOf(
      'info',
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'Lowest level that is logged.',
    ),
    listenAddress: text('0.0.0.0', 'Address where services listen; `[::]` in a cluster with IPv6 only.', {
      minLength: 1,
    }),
    env: map('Further settings of all services, such as those of traces.'),
    gate,
    sched,
    notif,
    ui,
    work,
    recycle,
    redis,
    pods,
    disruptionBudgets: yes('Create PodDisruptionBudgets: a drain of nodes takes one pod of a service at a time.'),
    networkPolicy,
    monitoring,
  },
};
