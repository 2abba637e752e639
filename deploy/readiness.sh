# Sourced by deploy.sh: waits until all pods of chainr are ready, and says what is wrong with those that are not.

# shellcheck shell=bash

# One line for each workload: name, pods of the new version that are ready, pods that are wanted, 1 if pods of an old
# version are left or the controller has not seen the change.
read -r -d '' workload_lines <<'END' || true
{{- range .items }}
{{- $wanted := printf "%v" .spec.replicas }}{{ $all := printf "%v" (or .status.replicas 0) }}
{{- $updated := printf "%v" (or .status.updatedReplicas 0) }}{{ $ready := printf "%v" (or .status.readyReplicas 0) }}
{{- $seen := eq (printf "%v" .metadata.generation) (printf "%v" (or .status.observedGeneration 0)) }}
{{- .metadata.name }} {{ $ready }} {{ $wanted }} {{ if and $seen (eq $updated $all) (eq $all $wanted) }}0{{ else }}1{{ end }}
{{ end -}}
END

# One line for each trouble of a pod: the pod, a tab, the trouble.
read -r -d '' trouble_lines <<'END' || true
{{- range .items }}{{ $pod := .metadata.name }}
{{- range .status.conditions }}{{ if and (eq .type "PodScheduled") (eq .status "False") }}{{ $pod }}	{{ .reason }}: {{ .message }}
{{ end }}{{ end }}
{{- range .status.initContainerStatuses }}{{ $name := .name }}{{ with .state.waiting }}{{ if .message }}{{ $pod }}	{{ $name }}: {{ .reason }}: {{ .message }}
{{ end }}{{ end }}{{ end }}
{{- range .status.containerStatuses }}{{ $name := .name }}{{ with .state.waiting }}{{ if .message }}{{ $pod }}	{{ $name }}: {{ .reason }}: {{ .message }}
{{ end }}{{ end }}{{ end }}
{{- end }}
END

workloads() { k get deployments,statefulsets -l "$installed" -o "go-template=$workload_lines"; }
troubles() { k get pods -l "$installed" -o "go-template=$trouble_lines"; }

# $1: seconds.
wait_until_ready() {
  local deadline=$((SECONDS + $1)) shown='' now trouble hopeless=0
  while true; do
    now=$(workloads)
    show_progress "$now" "$shown"
    shown=$now
    if [ -n "$now" ] && ! awk '$2 != $3 || $4 == 1 { exit 1 }' <<<"$now"; then :; else break; fi
    trouble=$(troubles)
    if grep -qE ': (InvalidImageName|ErrImageNeverPull|ImagePullBackOff|CrashLoopBackOff|CreateContainerConfigError|CreateContainerError): ' <<<"$trouble"; then
      hopeless=$((hopeless + 1))
    else
      hopeless=0
    fi
    # Fifteen times in a row, every two seconds: it will not pass by itself.
    [ $hopeless -lt 15 ] && [ $SECONDS -lt $deadline ] || explain_failure "$trouble"
    sleep 2
  done
}

# A line for each workload that has changed. $1: the workloads now, $2: before.
show_progress() {
  local name ready wanted old
  while read -r name ready wanted old; do
    [ -n "$name" ] || continue
    grep -qxF -- "$name $ready $wanted $old" <<<"$2" && continue
    if [ "$old" = 1 ] && [ "$ready" != 0 ]; then say "  $name: $ready of $wanted ready, being replaced"; else say "  $name: $ready of $wanted ready"; fi
  done <<<"$1"
}

# $1: the troubles of pods.
explain_failure() {
  {
    say
    say 'chainr is not ready:'
    if [ -n "$1" ]; then printf '%s\n' "$1" | sort -u | sed 's/^/  pod /; s/\t/: /'; fi
    explain_missing_pods
    explain_unready
    say "It goes on starting; look at it with: kubectl -n $namespace get pods -l $installed"
  } >&2
  exit 1
}

# What containers said that ended, or that run and are not ready.
explain_unready() {
  local pod container restarts
  k get pods -l "$installed" -o 'go-template={{ range .items }}{{ $pod := .metadata.name }}{{ range .status.containerStatuses }}{{ if not .ready }}{{ $pod }} {{ .name }} {{ .restartCount }}{{ "\n" }}{{ end }}{{ end }}{{ end }}' |
    while read -r pod container restarts; do
      local lines
      if [ "$restarts" -gt 0 ]; then
        lines=$(k logs "$pod" -c "$container" --previous --tail=3 2>/dev/null || true)
        say "  pod $pod: $container has ended $restarts times; its last words:"
      else
        lines=$(k logs "$pod" -c "$container" --tail=3 2>/dev/null || true)
        [ -n "$lines" ] || continue
        say "  pod $pod: $container is not ready; it says:"
      fi
      printf '%s\n' "$lines" | sed 's/^/    /'
    done
}

# Quotas and Pod Security refuse pods before there are any.
explain_missing_pods() {
  k get events --field-selector type=Warning,reason=FailedCreate -o 'go-template={{ range .items }}{{ .involvedObject.name }}: {{ .message }}{{ "\n" }}{{ end }}' |
    awk -F ': ' -v release="$release" 'index($1, release) == 1 && !seen[$1]++ { print "  no pod of " $0 }'
}
