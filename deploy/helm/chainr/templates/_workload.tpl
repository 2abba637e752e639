{{/* What the services of topology `split` have in common. Argument of each: root, service. */}}

{{- define "chainr.deployment" -}}
{{- $values := index .root.Values .service -}}
{{- $of := dict "root" .root "component" .service "services" (list .service) -}}
{{- $scaled := or (dig "autoscaling" "enabled" false $values) (dig "keda" "enabled" false $values) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "chainr.name" .root }}-{{ .service }}
  labels: {{- include "chainr.labels" $of | nindent 4 }}
spec:
  {{- if not $scaled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  selector: {{- include "chainr.matching" $of | nindent 4 }}
  strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
  template: {{- include "chainr.pod" $of | nindent 4 }}
{{- end -}}

{{- define "chainr.service" -}}
{{- $of := dict "root" .root "component" .service -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "chainr.name" .root }}-{{ .service }}
  labels: {{- include "chainr.labels" $of | nindent 4 }}
spec:
  selector: {{- include "chainr.selector" $of | nindent 4 }}
  ports:
    - { name: http, port: {{ include "chainr.port" . }}, targetPort: {{ .service }} }
{{- end -}}

{{- define "chainr.autoscaler" -}}
{{- with (index .root.Values .service).autoscaling -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "chainr.name" $.root }}-{{ $.service }}
  labels: {{- include "chainr.labels" (dict "root" $.root "component" $.service) | nindent 4 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ include "chainr.name" $.root }}-{{ $.service }} }
  minReplicas: {{ .minReplicas }}
  maxReplicas: {{ .maxReplicas }}
  metrics:
    - type: Resource
      resource: { name: cpu, target: { type: Utilization, averageUtilization: {{ .cpuPercent }} } }
{{- end -}}
{{- end -}}

{{/* One pod at a time may be taken away; never none, which would block a drain for ever where there is only one. */}}
{{- define "chainr.budget" -}}
{{- $of := dict "root" .root "component" .service -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "chainr.name" .root }}-{{ .service }}
  labels: {{- include "chainr.labels" $of | nindent 4 }}
spec:
  maxUnavailable: 1
  selector: {{- include "chainr.matching" $of | nindent 4 }}
{{- end -}}
