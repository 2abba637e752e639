/** The fields of a map, or of each map of a list. `whole`: what is in the field leads nowhere, or other rules are about it. */
export type Fields = 'whole' | { readonly [name: string]: Fields };

const fields = (names: string): Record<string, 'whole'> =>
  Object.fromEntries(names.split(' ').map((name) => [name, 'whole']));

const profile = fields('type localhostProfile');

/** Of pods and containers. */
const security = {
  ...fields('runAsGroup runAsNonRoot runAsUser seLinuxOptions'),
  appArmorProfile: profile,
  seccompProfile: profile,
  windowsOptions: fields('hostProcess runAsUserName'),
};

/** What a probe and a lifecycle have in common. */
const action = {
  ...fields('exec'),
  httpGet: fields('host httpHeaders path port scheme'),
  tcpSocket: fields('host port'),
};

const probe = {
  ...action,
  ...fields('grpc failureThreshold initialDelaySeconds periodSeconds successThreshold timeoutSeconds'),
  ...fields('terminationGracePeriodSeconds'),
};

const handler = { ...action, ...fields('sleep') };

const resources = fields('claims limits requests');

const container = {
  ...fields('name image imagePullPolicy command args workingDir restartPolicy restartPolicyRules resizePolicy'),
  ...fields('stdin stdinOnce tty terminationMessagePath terminationMessagePolicy targetContainerName volumeDevices'),
  env: {
    ...fields('name value'),
    valueFrom: fields('configMapKeyRef fieldRef fileKeyRef resourceFieldRef secretKeyRef'),
  },
  envFrom: fields('configMapRef prefix secretRef'),
  lifecycle: { ...fields('stopSignal'), postStart: handler, preStop: handler },
  livenessProbe: probe,
  ports: fields('containerPort hostIP hostPort name protocol'),
  readinessProbe: probe,
  resources,
  securityContext: {
    ...security,
    ...fields('allowPrivilegeEscalation privileged procMount readOnlyRootFilesystem'),
    capabilities: fields('add drop'),
  },
  startupProbe: probe,
  volumeMounts: fields('name mountPath mountPropagation readOnly recursiveReadOnly subPath subPathExpr'),
};

/**
 * The fields of a pod that lead nowhere, or that a rule of the policy is about; volumes have rules of their own. Among those
 * that are left out are `nodeName`, which takes no notice of taints, `priority`, and `resourceClaims`, which give devices.
 */
export const podFields: Fields = {
  ...fields('apiVersion kind'),
  metadata: fields('name namespace labels annotations finalizers'),
  spec: {
    ...fields('activeDeadlineSeconds restartPolicy terminationGracePeriodSeconds shareProcessNamespace os hostUsers'),
    ...fields('hostIPC hostNetwork hostPID serviceAccount serviceAccountName automountServiceAccountToken'),
    ...fields('priorityClassName runtimeClassName imagePullSecrets volumes'),
    ...fields(
      'nodeSelector affinity tolerations topologySpreadConstraints schedulerName schedulingGates readinessGates',
    ),
    ...fields(
      'hostname hostnameOverride setHostnameAsFQDN subdomain hostAliases dnsConfig dnsPolicy enableServiceLinks',
    ),
    containers: container,
    ephemeralContainers: container,
    initContainers: container,
    resources,
    securityContext: {
      ...security,
      ...fields('fsGroup fsGroupChangePolicy seLinuxChangePolicy supplementalGroups supplementalGroupsPolicy sysctls'),
    },
  },
};

/**
 * The fields of volumes by type, for the types that need no word in `allow.volumeTypes`. The template of a claim makes a volume
 * of its own: what binds that to a volume that is there, or copies one, is left out.
 */
export const volumeFields: Readonly<Record<string, Fields>> = {
  configMap: fields('defaultMode items name optional'),
  downwardAPI: fields('defaultMode items'),
  emptyDir: fields('medium sizeLimit'),
  ephemeral: {
    volumeClaimTemplate: {
      metadata: fields('annotations labels'),
      spec: fields('accessModes resources storageClassName volumeAttributesClassName volumeMode'),
    },
  },
  hostPath: fields('path type'),
  image: fields('pullPolicy reference'),
  persistentVolumeClaim: fields('claimName readOnly'),
  projected: {
    ...fields('defaultMode'),
    sources: {
      configMap: fields('items name optional'),
      downwardAPI: fields('items'),
      secret: fields('items name optional'),
      serviceAccountToken: fields('audience expirationSeconds path'),
    },
  },
  secret: fields('defaultMode items optional secretName'),
};
