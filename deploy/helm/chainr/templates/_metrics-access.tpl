{{/* A rule of a NetworkPolicy: who may read metrics. Redis beside the services is not among the ports. */}}
{{- define "chainr.metricsAccess" -}}
{{- with .Values.networkPolicy.metricsFrom }}
- ports: [{ port: gate }, { port: sched }, { port: notif }, { port: ui }, { port: recycle }, { port: work }]
  from: {{- toYaml . | nindent 4 }}
{{- end }}
{{- end -}}
