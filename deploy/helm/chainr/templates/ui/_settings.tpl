{{/* ui serves files and needs nothing. */}}
{{- define "chainr.ui.env" -}}
{{- end -}}

{{- define "chainr.ui.files" -}}
{{- end -}}
