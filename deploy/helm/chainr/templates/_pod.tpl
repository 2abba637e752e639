{{/*
The template of a pod with some services. A pod that has `work` gets its service account; only the container of work gets
a token.
Argument: root, component, services.
*/}}
{{- define "chainr.pod" -}}
{{- $root := .root -}}
{{- $pods := .root.Values.pods -}}
{{- $works := has "work" .services -}}
{{- $redis := and (eq .component "all") (not .root.Values.redis.url) -}}
{{- $files := dict -}}
{{- range .services }}
{{- $files = merge $files (include (printf "chainr.%s.files" .) $root | fromYaml) -}}
{{- end -}}
metadata:
  labels: {{- mergeOverwrite (include "chainr.podLabels" . | fromYaml) $pods.labels | toYaml | nindent 4 }}
  {{- $annotations := $pods.annotations }}
  {{- if and $works .root.Values.work.policy }}
  {{- $annotations = merge (dict "chainr.dev/policy" (.root.Values.work.policy | toJson | sha256sum)) $annotations }}
  {{- end }}
  {{- with $annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "chainr.name" .root }}{{ if $works }}-work{{ end }}
  automountServiceAccountToken: false
  # The variables of Services would look like settings: CHAINR_UI_PORT.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $pods.terminationGracePeriodSeconds }}
  securityContext:
    runAsNonRoot: true
    seccompProfile: { type: RuntimeDefault }
    {{- if $redis }}
    fsGroup: {{ .root.Values.redis.user }}
    {{- end }}
  {{- include "chainr.placement" . | trim | nindent 2 }}
  {{- if $redis }}
  initContainers:
    {{- include "chainr.redis.container" .root | nindent 4 }}
      # Starts before the services, and ends after them.
      restartPolicy: Always
  {{- end }}
  containers:
    {{- range .services }}
    {{- include "chainr.container" (dict "root" $root "service" .) | nindent 4 }}
    {{- end }}
  {{- if or $files $redis }}
  volumes:
    {{- range $name, $file := $files }}
    - name: {{ $name }}
      {{- toYaml $file.volume | nindent 6 }}
    {{- end }}
    {{- if $redis }}
    {{- include "chainr.redis.volumes" .root | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{/* Where pods run, and who may pull their images. Argument: root, component. */}}
{{- define "chainr.placement" -}}
{{- $pods := .root.Values.pods -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- if not (has .component (list "all" "redis")) }}
topologySpreadConstraints:
  - topologyKey: kubernetes.io/hostname
    maxSkew: 1
    whenUnsatisfiable: {{ $pods.spread }}
    labelSelector: {{- include "chainr.matching" . | nindent 6 }}
    matchLabelKeys: [pod-template-hash]
{{- end }}
{{- with $pods.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $pods.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pods.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pods.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
