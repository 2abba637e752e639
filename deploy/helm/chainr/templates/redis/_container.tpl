{{/* The Redis of the chart: in a pod of its own, or beside the services. */}}
{{- define "chainr.redis.container" -}}
{{- $redis := .Values.redis -}}
- name: redis
  image: {{ $redis.image }}
  command: [redis-server]
  args:
    - --dir
    - /data
    - --appendonly
    - 'yes'
    - --appendfsync
    - {{ $redis.appendfsync }}
    - --save
    - ''
    - --maxmemory
    - {{ $redis.memory }}
    - --maxmemory-policy
    - noeviction
    - --requirepass
    - $(REDIS_PASSWORD)
  ports:
    - { name: redis, containerPort: 6379 }
  env:
    - name: REDIS_PASSWORD
      valueFrom: { secretKeyRef: { name: {{ include "chainr.redisSecret" . }}, key: password } }
    # For redis-cli.
    - { name: REDISCLI_AUTH, value: $(REDIS_PASSWORD) }
  # Redis opens its port at once, and answers when it has read its file.
  startupProbe:
    exec: { command: [redis-cli, -e, ping] }
    periodSeconds: 1
    failureThreshold: 600
  livenessProbe:
    tcpSocket: { port: redis }
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    exec: { command: [redis-cli, -e, ping] }
    periodSeconds: 5
    timeoutSeconds: 5
  resources: {{- toYaml $redis.resources | nindent 4 }}
  securityContext:
    {{- include "chainr.confined" . | nindent 4 }}
    runAsUser: {{ $redis.user }}
    runAsGroup: {{ $redis.user }}
  volumeMounts:
    - { name: data, mountPath: /data }
{{- end -}}

{{- define "chainr.redis.volumes" -}}
- name: data
  persistentVolumeClaim: { claimName: {{ include "chainr.name" . }}-redis }
{{- end -}}
