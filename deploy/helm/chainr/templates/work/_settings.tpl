{{- define "chainr.work.env" -}}
{{ include "chainr.redis.env" . }}
CHAINR_EXECUTOR: kubernetes
CHAINR_POOL: {{ .Values.work.pool }}
CHAINR_CAPACITY: {{ .Values.work.capacity | quote }}
{{- with .Values.work.namespaces }}
CHAINR_KUBERNETES_NAMESPACES: {{ join "," . }}
{{- end }}
{{- if .Values.work.policy }}
CHAINR_KUBERNETES_POLICY: /etc/chainr/policy/policy.yaml
{{- end }}
{{- if .Values.work.jobSecrets }}
CHAINR_SECRETS_DIR: /etc/chainr/job-secrets
{{- end }}
{{- end -}}

{{- define "chainr.work.files" -}}
{{ include "chainr.redis.files" . }}
{{- if .Values.work.policy }}
policy:
  mountPath: /etc/chainr/policy
  volume: { configMap: { name: {{ include "chainr.name" . }}-policy } }
{{- end }}
{{- with .Values.work.jobSecrets }}
job-secrets:
  mountPath: /etc/chainr/job-secrets
  volume: { secret: { secretName: {{ . }} } }
{{- end }}
# What the kubelet would mount into every container of the pod.
service-account:
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  volume:
    projected:
      sources:
        - serviceAccountToken: { path: token, expirationSeconds: 3607 }
        - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
        - downwardAPI: { items: [{ path: namespace, fieldRef: { fieldPath: metadata.namespace } }] }
{{- end -}}
