{{- define "chainr.notif.env" -}}
{{ include "chainr.redis.env" . }}
{{- end -}}

{{- define "chainr.notif.files" -}}
{{ include "chainr.redis.files" . }}
{{- end -}}
