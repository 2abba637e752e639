{{- define "chainr.recycle.env" -}}
{{ include "chainr.redis.env" . }}
{{- end -}}

{{- define "chainr.recycle.files" -}}
{{ include "chainr.redis.files" . }}
{{- end -}}
