{{/*
The container of a service. What is particular to a service is in its folder, in two maps:
  chainr.SERVICE.env    its settings: name to value
  chainr.SERVICE.files  its volumes: name to { mountPath, volume }
Argument: root, service.
*/}}
{{- define "chainr.container" -}}
{{- $values := index .root.Values .service -}}
{{- $port := include "chainr.port" . -}}
- name: {{ .service }}
  image: {{ include "chainr.image" . }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args: [{{ .service }}]
  ports:
    - { name: {{ .service }}, containerPort: {{ $port }} }
  env:
    {{- range $name, $value := include "chainr.env" . | fromYaml }}
    - { name: {{ $name }}, value: {{ $value | quote }} }
    {{- end }}
  livenessProbe:
    httpGet: { path: /healthz, port: {{ .service }} }
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    httpGet: { path: /readyz, port: {{ .service }} }
    periodSeconds: 2
    timeoutSeconds: 3
    failureThreshold: 2
  {{- if and (eq .root.Values.topology "split") (has .service (list "gate" "sched" "notif" "ui")) }}
  # Requests still come while the cluster takes the pod out of its Service. A pod without others has nobody to wait for.
  lifecycle: { preStop: { sleep: { seconds: 5 } } }
  {{- end }}
  resources: {{- toYaml $values.resources | nindent 4 }}
  securityContext: {{- include "chainr.confined" . | nindent 4 }}
  {{- with include (printf "chainr.%s.files" .service) .root | fromYaml }}
  volumeMounts:
    {{- range $name, $file := . }}
    - { name: {{ $name }}, mountPath: {{ $file.mountPath }}, readOnly: true }
    {{- end }}
  {{- end }}
{{- end -}}

{{/* All settings of a service, as a map: those of the chart, replaced by `env` of all services, then by its own. */}}
{{- define "chainr.env" -}}
{{- $all := dict
  "CHAINR_LISTEN" (printf "%s:%s" .root.Values.listenAddress (include "chainr.port" .))
  "CHAINR_LOG_LEVEL" .root.Values.logLevel
-}}
{{- $own := include (printf "chainr.%s.env" .service) .root | fromYaml -}}
{{- mergeOverwrite $all $own .root.Values.env (index .root.Values .service).env | toYaml -}}
{{- end -}}

{{/* What the Pod Security level `restricted` asks of a container, and a root file system that cannot be written. */}}
{{- define "chainr.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}
