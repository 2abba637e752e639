{{- define "chainr.gate.env" -}}
CHAINR_TOKEN_FILE: /etc/chainr/token/token
CHAINR_SCHED_URL: {{ include "chainr.url" (dict "root" . "service" "sched") }}
CHAINR_NOTIF_URL: {{ include "chainr.url" (dict "root" . "service" "notif") }}
CHAINR_UI_URL: {{ include "chainr.url" (dict "root" . "service" "ui") }}
# Behind a proxy all clients have one address.
CHAINR_CONNECTIONS_PER_CLIENT: "0"
{{- end -}}

{{- define "chainr.gate.files" -}}
token:
  mountPath: /etc/chainr/token
  volume: { secret: { secretName: {{ include "chainr.tokenSecret" . }}, items: [{ key: token, path: token }] } }
{{- end -}}
