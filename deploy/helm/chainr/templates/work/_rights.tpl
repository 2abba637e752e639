{{/*
What a worker may do in a namespace, as docs/kubernetes.md and docs/deploy.md say.
Argument: root, namespace (empty: in all of them).
*/}}
{{- define "chainr.work.rules" -}}
{{- $work := .root.Values.work -}}
{{- $namespaces := include "chainr.namespaces" .root | fromJsonArray -}}
{{- $home := first $namespaces -}}
{{- $secrets := list -}}
{{- with $work.policy.secrets -}}
{{- with .fromSecret -}}{{- $secrets = append $secrets . -}}{{- end -}}
{{- range .named -}}{{- $secrets = append $secrets .secret -}}{{- end -}}
{{- end -}}
{{- if not .namespace -}}
# The uid of the home namespace names the executor.
- { apiGroups: [''], resources: [namespaces], resourceNames: [{{ $home }}], verbs: [get] }
{{ else if eq .namespace $home -}}
# The uid of the home namespace names the executor. A Role is about its own namespace only.
- { apiGroups: [''], resources: [namespaces], verbs: [get] }
{{ end -}}
- { apiGroups: [''], resources: [pods], verbs: [create, delete, get, list, patch, watch] }
- { apiGroups: [''], resources: [pods/log], verbs: [get] }
- { apiGroups: [''], resources: [events], verbs: [list] }
{{- if or $work.jobSecrets (and $secrets (gt (len $namespaces) 1)) }}
# Secrets of attempts.
- { apiGroups: [''], resources: [secrets], verbs: [create] }
{{- end }}
{{- if and $secrets (or (not .namespace) (eq .namespace $home)) }}
# The Secrets that the policy names.
- { apiGroups: [''], resources: [secrets], resourceNames: {{ $secrets | uniq | sortAlpha | toJson }}, verbs: [get] }
{{- end }}
{{- end -}}

{{/* Who gets the rights. */}}
{{- define "chainr.work.subject" -}}
- { kind: ServiceAccount, name: {{ include "chainr.name" . }}-work, namespace: {{ .Release.Namespace }} }
{{- end -}}
