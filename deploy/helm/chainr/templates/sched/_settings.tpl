{{- define "chainr.sched.env" -}}
{{ include "chainr.redis.env" . }}
CHAINR_DEFAULT_POOL: {{ .Values.work.pool }}
{{- end -}}

{{- define "chainr.sched.files" -}}
{{ include "chainr.redis.files" . }}
{{- end -}}
