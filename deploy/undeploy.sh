#!/usr/bin/env bash
# `make undeploy`: removes chainr from a namespace, and says what stays.
#
#   NAMESPACE=…    namespace; default: the current one of kubectl
#   DATA=1         removes the volume of Redis, too: all runs and logs
#   YES=1          answers every question with yes
#   HELM=…         the program; - uses kubectl alone
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cluster.sh"

jobs=app.kubernetes.io/managed-by=chainr,app.kubernetes.io/name=chainr-job

# The instance whose pods of jobs are to go: Redis knows it; else it is the only one that has pods here.
find_instance() {
  local pod found
  for pod in $(k get pods -l "$installed" --field-selector status.phase=Running -o 'go-template={{ range .items }}{{ $pod := .metadata.name }}{{ range .spec.containers }}{{ if eq .name "redis" }}{{ $pod }} {{ end }}{{ end }}{{ range .spec.initContainers }}{{ if eq .name "redis" }}{{ $pod }} {{ end }}{{ end }}{{ end }}'); do
    found=$(k exec "$pod" -c redis -- redis-cli get '{chainr}:instance' 2>/dev/null || true)
    [ -z "$found" ] || { printf '%s' "$found"; return; }
  done
  found=$(k get pods -l "$jobs" -o 'go-template={{ range .items }}{{ index .metadata.labels "chainr.dev/instance" }}{{ "\n" }}{{ end }}' | sort -u)
  [ "$(grep -c . <<<"$found" || true)" != 1 ] || printf '%s' "$found"
}

remove_with_kubectl() {
  k delete "$(kinds)" -l "$installed" --ignore-not-found --wait=false >/dev/null
  # The records of Helm, if it installed this and is not here.
  k delete secrets -l "owner=helm,name=$release" --ignore-not-found >/dev/null
}

# Nobody is left to take the finalizers off. $1: instance.
remove_job_pods() {
  local pods pod
  pods=$(k get pods -l "$jobs,chainr.dev/instance=$1" -o name)
  [ -n "$pods" ] || return 0
  say "Removing $(wc -l <<<"$pods" | tr -d ' ') pods of jobs."
  for pod in $pods; do
    k patch "$pod" --type merge -p '{"metadata":{"finalizers":null}}' >/dev/null 2>&1 || true
  done
  k delete pods -l "$jobs,chainr.dev/instance=$1" --ignore-not-found >/dev/null
}

find_helm
find_cluster
volume=$(k get persistentvolumeclaims -l "$installed" -o name)
found=$(k get "$(kinds)" -l "$installed" -o name)
if [ -z "$found" ] && { [ -z "$volume" ] || [ "${DATA:-}" != 1 ]; }; then
  say "chainr is not installed in the namespace $namespace.${volume:+ The volume of Redis ($volume) is there: DATA=1 make undeploy removes it.}"
  exit 0
fi
data='The volume of Redis stays.'
[ "${DATA:-}" != 1 ] || data='All runs and logs are removed, too.'
confirm "chainr and the pods of its jobs are removed from the namespace $namespace of the context $context ($server). $data"

instance=$(find_instance)
if is_release; then
  "$helm" uninstall "$release" --namespace "$namespace" >/dev/null
else
  remove_with_kubectl
fi
say 'Waiting for the pods of chainr to end.'
k wait --for=delete pods -l "$installed" --timeout=120s >/dev/null
if [ -n "$instance" ]; then remove_job_pods "$instance"; fi
[ "${DATA:-}" != 1 ] || k delete persistentvolumeclaims -l "$installed" >/dev/null

say "chainr is removed from the namespace $namespace. What stays:"
say "  the namespace $namespace"
volume=$(k get persistentvolumeclaims -l "$installed" -o name)
[ -z "$volume" ] || say "  $volume: the volume of Redis with all runs and logs. DATA=1 make undeploy removes it."
left=$(k get pods -l "$jobs" -o name)
[ -z "$left" ] || say "  pods of jobs, which may belong to another chainr: kubectl -n $namespace get pods -l $jobs"
