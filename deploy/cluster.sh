# Sourced by deploy.sh and undeploy.sh: finds tools, cluster and namespace, and asks before a cluster that is not known.

# shellcheck shell=bash

release=chainr
# Everything that was installed has these labels. Pods of jobs have others.
installed=app.kubernetes.io/part-of=chainr,app.kubernetes.io/instance=$release

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# k ARGUMENTS...: kubectl in the namespace.
k() { kubectl --namespace "$namespace" "$@"; }

# Sets helm to the program, or to nothing. HELM=- leaves it out.
find_helm() {
  helm=
  [ "${HELM:-}" != - ] || return 0
  local found
  found=$(command -v "${HELM:-helm}" || true)
  if [ -z "$found" ]; then
    [ -z "${HELM:-}" ] || fail "HELM is $HELM, but there is no such program."
    return 0
  fi
  local version
  version=$("$found" version --short 2>/dev/null || true)
  case $version in
    v3.* | v4.*) helm=$found ;;
    *) fail "$found is not Helm 3 or 4 (it says: ${version:-nothing}): install a newer one, or set HELM=- to use kubectl alone." ;;
  esac
}

# Sets context, server and namespace; says clearly why the cluster cannot be used.
find_cluster() {
  command -v kubectl >/dev/null || fail 'kubectl is not installed: see https://kubernetes.io/docs/tasks/tools.'
  context=$(kubectl config current-context 2>/dev/null) ||
    fail 'kubectl has no current context: choose a cluster with `kubectl config use-context`, or set KUBECONFIG.'
  server=$(kubectl config view --minify -o 'jsonpath={.clusters[0].cluster.server}')
  namespace=${NAMESPACE:-$(kubectl config view --minify -o 'jsonpath={.contexts[0].context.namespace}')}
  namespace=${namespace:-default}
  local answer
  if ! answer=$(kubectl version --request-timeout=15s -o json 2>&1); then
    fail "The cluster of the context $context ($server) cannot be used: $(last_line "$answer")"
  fi
  local minor
  minor=$(kubectl version -o 'go-template={{.serverVersion.major}} {{.serverVersion.minor}}' 2>/dev/null || true)
  case $minor in
    '1 '[0-9] | '1 '[0-2][0-9] | '1 '[0-2][0-9]+) fail "The cluster has Kubernetes ${minor/ /.}, and chainr needs 1.30 or newer." ;;
  esac
}

last_line() { printf '%s' "$1" | tail -n 1; }

# A name for the cluster: another one may be at the same address tomorrow.
cluster_id() {
  local uid
  uid=$(kubectl get namespace kube-system -o 'jsonpath={.metadata.uid}' 2>/dev/null || true)
  printf '%s %s %s' "$server" "${uid:--}" "$namespace"
}

# Asks before something is done. YES=1 answers for you.
confirm() {
  [ "${YES:-}" != 1 ] || return 0
  [ -t 0 ] || fail "$1 There is no terminal to ask: set YES=1 if you mean it."
  local answer
  read -r -p "$1 Go on? [y/N] " answer
  case $answer in y | Y | yes) ;; *) fail 'Nothing was changed.' ;; esac
}

# Clusters and namespaces that somebody here has agreed to.
known_clusters=${XDG_CONFIG_HOME:-$HOME/.config}/chainr/clusters

confirm_cluster() {
  local id
  id=$(cluster_id)
  if [ -f "$known_clusters" ] && grep -qxF -- "$id" "$known_clusters"; then return 0; fi
  confirm "You have not deployed to this place before: namespace $namespace of the context $context ($server)."
  mkdir -p "$(dirname "$known_clusters")"
  printf '%s\n' "$id" >>"$known_clusters"
}

# Whether Helm knows the release.
is_release() { [ -n "$helm" ] && "$helm" status "$release" --namespace "$namespace" >/dev/null 2>&1; }

# The Secrets in which Helm keeps what it has installed.
helm_record() { k get secrets -l "owner=helm,name=$release" -o name; }

# The kinds that may have been installed; those that the cluster does not have are left out.
kinds() {
  local kind served
  printf 'deployments.apps,statefulsets.apps,services,ingresses.networking.k8s.io,networkpolicies.networking.k8s.io'
  printf ',poddisruptionbudgets.policy,horizontalpodautoscalers.autoscaling,configmaps,secrets,serviceaccounts'
  printf ',rolebindings.rbac.authorization.k8s.io,roles.rbac.authorization.k8s.io'
  served=$(kubectl api-resources --namespaced -o name 2>/dev/null || true)
  for kind in httproutes.gateway.networking.k8s.io scaledobjects.keda.sh podmonitors.monitoring.coreos.com prometheusrules.monitoring.coreos.com; do
    if grep -qx "$kind" <<<"$served"; then printf ',%s' "$kind"; fi
  done
}
