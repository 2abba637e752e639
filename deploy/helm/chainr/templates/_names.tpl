{{/* Names, labels and images. */}}

{{/* The name of everything begins with this: `chainr` for a release of that name. */}}
{{- define "chainr.name" -}}
{{- if contains "chainr" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-chainr" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The labels by which an object is found. Argument: root, component. */}}
{{- define "chainr.selector" -}}
app.kubernetes.io/name: chainr
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* A label selector. Argument: root, component. */}}
{{- define "chainr.matching" -}}
matchLabels:
  {{- include "chainr.selector" . | nindent 2 }}
{{- end -}}

{{/* The labels of a pod: none that changes with the version, or every upgrade would restart Redis. */}}
{{- define "chainr.podLabels" -}}
{{ include "chainr.selector" . }}
app.kubernetes.io/part-of: chainr
{{- end -}}

{{/* All labels of an object. Argument: root, component. */}}
{{- define "chainr.labels" -}}
{{ include "chainr.selector" . }}
app.kubernetes.io/part-of: chainr
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The component whose pods run a service: its own, or the one pod that runs all. Argument: root, service. */}}
{{- define "chainr.component" -}}
{{- ternary "all" .service (eq .root.Values.topology "single") -}}
{{- end -}}

{{/* Argument: root, service. */}}
{{- define "chainr.image" -}}
{{- $image := .root.Values.image -}}
{{- $name := ternary "page" "services" (eq .service "ui") -}}
{{- printf "%s/%s:%s" $image.registry $name ($image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}

{{/* The ports are the defaults of the services, so that they find one another in one pod. Argument: service. */}}
{{- define "chainr.port" -}}
{{- get (dict "gate" 8080 "sched" 8081 "notif" 8082 "ui" 8083 "recycle" 8084 "work" 8085) .service -}}
{{- end -}}

{{/* The address of another service. Argument: root, service. */}}
{{- define "chainr.url" -}}
{{- $host := printf "%s-%s" (include "chainr.name" .root) .service -}}
{{- printf "http://%s:%s" (ternary "127.0.0.1" $host (eq .root.Values.topology "single")) (include "chainr.port" .) -}}
{{- end -}}

{{/* Secrets: those of the chart, or existing ones. */}}
{{- define "chainr.tokenSecret" -}}
{{- .Values.token.existingSecret | default (printf "%s-token" (include "chainr.name" .)) -}}
{{- end -}}
{{- define "chainr.redisSecret" -}}
{{- .Values.redis.existingSecret | default (printf "%s-redis" (include "chainr.name" .)) -}}
{{- end -}}

{{/* The namespaces of jobs, the home namespace first, as JSON. */}}
{{- define "chainr.namespaces" -}}
{{- .Values.work.namespaces | default (list .Release.Namespace) | uniq | toJson -}}
{{- end -}}
