/** Amounts by the name of a resource, as Kubernetes writes them. */
export type Amounts = Readonly<Record<string, string | number>>;

/** What the pods of a worker may have. Lists have names or patterns, in which `*` stands for any text. */
export interface Policy {
  allow: Allowed;
  /** Every container must run as a user other than root. */
  runAsNonRoot: boolean;
  resources: {
    /** For containers that say nothing of a resource. */
    default: { requests?: Amounts; limits?: Amounts };
    /** Of each container. */
    maximum: Amounts;
  };
  /** Where the worker finds secrets besides its own folder and variables: in Secrets of the home namespace. */
  secrets: {
    /** Each key of this Secret is a secret of that name. */
    fromSecret?: string;
    /** Place by name of the secret. */
    named: Readonly<Record<string, SecretPlace>>;
  };
}

export interface SecretPlace {
  /** The name of the Secret. */
  secret: string;
  key: string;
}

export interface Allowed {
  images: readonly string[];
  serviceAccounts: readonly string[];
  secrets: readonly string[];
  configMaps: readonly string[];
  persistentVolumeClaims: readonly string[];
  /** Folders of the node; what is in them is allowed too. */
  hostPaths: readonly string[];
  /** Kinds of volumes that no other rule is about, such as `nfs` or `csi`. */
  volumeTypes: readonly string[];
  /** Fields of a pod that no other rule is about, such as `spec.nodeName`. */
  fields: readonly string[];
  priorityClasses: readonly string[];
  runtimeClasses: readonly string[];
  /** That containers may have; `ALL` stands for every one. */
  capabilities: readonly string[];
  /** Also ports of the node. */
  hostNetwork: boolean;
  hostPID: boolean;
  hostIPC: boolean;
  privileged: boolean;
  /** Programs that get more rights than who starts them, such as sudo. */
  privilegeEscalation: boolean;
  /** Without seccomp or AppArmor, with sysctls, SELinux options or an unmasked /proc. */
  unconfined: boolean;
}

/** Any image, and nothing that leads out of the pod. */
export const defaultPolicy: Policy = {
  allow: {
    images: ['*'],
    serviceAccounts: [],
    secrets: [],
    configMaps: [],
    persistentVolumeClaims: [],
    hostPaths: [],
    volumeTypes: [],
    fields: [],
    priorityClasses: [],
    runtimeClasses: [],
    capabilities: [],
    hostNetwork: false,
    hostPID: false,
    hostIPC: false,
    privileged: false,
    privilegeEscalation: false,
    unconfined: false,
  },
  runAsNonRoot: false,
  resources: { default: {}, maximum: {} },
  secrets: { named: {} },
};
