{{/* How services reach Redis: the one of the chart, or an external one. */}}
{{- define "chainr.redis.env" -}}
{{- $host := ternary "127.0.0.1" (printf "%s-redis" (include "chainr.name" .)) (eq .Values.topology "single") -}}
CHAINR_REDIS_URL: {{ .Values.redis.url | default (printf "redis://%s:6379" $host) | quote }}
{{- if or (not .Values.redis.url) .Values.redis.existingSecret }}
CHAINR_REDIS_PASSWORD_FILE: /etc/chainr/redis-password/password
{{- end }}
{{- if .Values.redis.caSecret }}
NODE_EXTRA_CA_CERTS: /etc/chainr/redis-ca/ca.crt
{{- end }}
{{- end -}}

{{- define "chainr.redis.files" -}}
{{- if or (not .Values.redis.url) .Values.redis.existingSecret }}
redis-password:
  mountPath: /etc/chainr/redis-password
  volume: { secret: { secretName: {{ include "chainr.redisSecret" . }}, items: [{ key: password, path: password }] } }
{{- end }}
{{- with .Values.redis.caSecret }}
redis-ca:
  mountPath: /etc/chainr/redis-ca
  volume: { secret: { secretName: {{ . }}, items: [{ key: ca.crt, path: ca.crt }] } }
{{- end }}
{{- end -}}
