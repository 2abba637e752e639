#!/usr/bin/env bash
# `make deploy`: installs or upgrades chainr in a Kubernetes namespace and waits until it is ready. With Helm if it is
# installed, else with kubectl alone. Safe to repeat.
#
#   NAMESPACE=…    namespace; default: the current one of kubectl
#   TOPOLOGY=…     split (default) or single
#   REGISTRY=…     registry and folder of the images; default: that of the chart
#   IMAGE_TAG=…    tag of the images; default: the version of the chart
#   VALUES=…       file with values for the chart (docs/helm-values.md); needs Helm
#   YES=1          answers every question with yes
#   MINUTES=…      how long to wait until it is ready; default: 5
#   HELM=…         the program; - uses kubectl alone
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cluster.sh"
. "$here/readiness.sh"

check_arguments() {
  case ${TOPOLOGY:-split} in split | single) ;; *) fail "TOPOLOGY is $TOPOLOGY: it must be split or single." ;; esac
  [ -z "${VALUES:-}" ] || [ -f "$VALUES" ] || fail "VALUES names $VALUES, but there is no such file."
  [[ ${MINUTES:-5} =~ ^[1-9][0-9]*$ ]] || fail "MINUTES is $MINUTES: it must be a whole number of minutes."
  if [ -z "$helm" ] && [ -n "${VALUES:-}" ]; then
    fail 'VALUES needs Helm, which is not installed: install it (https://helm.sh), or write a kustomization (docs/deploy.md).'
  fi
}

check_rights() {
  local what missing=()
  for what in deployments.apps statefulsets.apps services secrets serviceaccounts roles.rbac.authorization.k8s.io rolebindings.rbac.authorization.k8s.io persistentvolumeclaims networkpolicies.networking.k8s.io; do
    k auth can-i create "$what" --quiet 2>/dev/null || missing+=("${what%%.*}")
  done
  [ ${#missing[@]} -eq 0 ] || fail "You may not create ${missing[*]} in the namespace $namespace: ask an administrator of the cluster."
}

# Two Redis servers must not use one volume, so the other topology has to go first.
check_topology() {
  local other=$release-redis found
  [ "${TOPOLOGY:-split}" = single ] || other=$release
  # With VALUES the topology may be in that file; the chart then looks itself.
  [ -z "${VALUES:-}" ] || return 0
  found=$(k get statefulset "$other" --ignore-not-found -o name)
  [ -z "$found" ] ||
    fail "The other topology is installed in $namespace: run make undeploy first. The volume of Redis stays, and with it all runs."
}

provide_namespace() {
  if kubectl get namespace "$namespace" >/dev/null 2>&1; then return 0; fi
  # Somebody with rights in one namespace only may not read it.
  if kubectl auth can-i get namespaces --quiet 2>/dev/null; then
    say "Creating the namespace $namespace."
    kubectl create namespace "$namespace" >/dev/null
  fi
}

apply_with_helm() {
  local arguments=()
  [ -z "${VALUES:-}" ] || arguments+=(--values "$VALUES")
  [ -z "${TOPOLOGY:-}" ] || arguments+=(--set "topology=$TOPOLOGY")
  [ -z "${REGISTRY:-}" ] || arguments+=(--set-string "image.registry=$REGISTRY")
  [ -z "${IMAGE_TAG:-}" ] || arguments+=(--set-string "image.tag=$IMAGE_TAG")
  if ! is_release; then hand_to_helm; fi
  "$helm" upgrade --install "$release" "$here/helm/chainr" --namespace "$namespace" "${arguments[@]}" >/dev/null
}

# What kubectl installed, or an earlier release left, becomes part of the release.
hand_to_helm() {
  local name found
  found=$(k get "$(kinds),persistentvolumeclaims" -l "$installed" -o name)
  for name in $found; do
    k label "$name" app.kubernetes.io/managed-by=Helm --overwrite >/dev/null
    k annotate "$name" "meta.helm.sh/release-name=$release" "meta.helm.sh/release-namespace=$namespace" --overwrite >/dev/null
  done
}

apply_with_kubectl() {
  local record
  record=$(helm_record)
  if [ -n "$record" ]; then
    fail "Helm installed what is in $namespace, so Helm must upgrade it: install Helm, or run make undeploy first."
  fi
  local folder
  folder=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$folder'" EXIT
  cp -R "$here/kustomize/${TOPOLOGY:-split}" "$folder/base"
  write_kustomization >"$folder/kustomization.yaml"
  provide_secret "$release-token" token
  provide_secret "$release-redis" password
  kubectl kustomize "$folder" >"$folder/all.yaml"
  k apply -f "$folder/all.yaml" >/dev/null
  remove_what_is_no_longer_there "$folder/all.yaml"
}

write_kustomization() {
  local image
  printf 'namespace: %s\nresources: [base]\nimages:\n' "$namespace"
  for image in services page; do
    printf '  - name: docker.io/chainr/%s\n' "$image"
    [ -z "${REGISTRY:-}" ] || printf '    newName: "%s/%s"\n' "$REGISTRY" "$image"
    [ -z "${IMAGE_TAG:-}" ] || printf '    newTag: "%s"\n' "$IMAGE_TAG"
  done
}

# A random value, made once. $1: name of the Secret, $2: key.
provide_secret() {
  local value found
  found=$(k get secret "$1" --ignore-not-found -o name)
  [ -z "$found" ] || return 0
  value=$(head -c 30 /dev/urandom | base64 | tr '+/' '-_')
  # From standard input: arguments can be seen by every user of this machine.
  k create -f - >/dev/null <<END
{ "apiVersion": "v1", "kind": "Secret",
  "metadata": { "name": "$1", "labels": { "app.kubernetes.io/name": "chainr", "app.kubernetes.io/instance": "$release", "app.kubernetes.io/part-of": "chainr" } },
  "stringData": { "$2": "$value" } }
END
}

# $1: what was applied.
remove_what_is_no_longer_there() {
  local there wanted found
  wanted=$(k get -f "$1" -o name)
  found=$(k get "$(kinds)" -l "$installed" -o name)
  for there in $found; do
    case $there in secret/*) continue ;; esac
    grep -qxF -- "$there" <<<"$wanted" || k delete "$there" >/dev/null
  done
}

print_address() {
  local service=$release-gate port type node_port host tls address
  read -r port type node_port <<<"$(k get service "$service" -o 'jsonpath={.spec.ports[0].port} {.spec.type} {.spec.ports[0].nodePort}')"
  forward="kubectl -n $namespace port-forward service/$service 8080:$port"
  url=http://127.0.0.1:8080
  case $type in
    NodePort)
      address=$(kubectl get nodes -o 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}' 2>/dev/null || true)
      url=http://${address:-NODE}:$node_port
      say "Address    $url"
      return
      ;;
    LoadBalancer)
      address=$(k get service "$service" -o 'jsonpath={.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}')
      url=http://${address:-ADDRESS}:$port
      say "Address    $url"
      [ -n "$address" ] || say "           The cluster has not given one yet: kubectl -n $namespace get service $service"
      return
      ;;
  esac
  host=$(k get ingress "$service" --ignore-not-found -o 'jsonpath={.spec.rules[0].host}')
  if [ -n "$host" ]; then
    tls=$(k get ingress "$service" -o 'jsonpath={.spec.tls[0].secretName}')
    address=$(k get ingress "$service" -o 'jsonpath={.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}')
    if [ -n "$address" ]; then
      url=http${tls:+s}://$host
      say "Address    $url/ if $host leads to $address; else, on this machine, http://127.0.0.1:8080/ while this runs:"
      say "           $forward"
      return
    fi
  fi
  say "Address    $url/ on this machine, while this runs:"
  say "           $forward"
  [ -z "$host" ] || say "           http${tls:+s}://$host/ once an ingress controller serves the Ingress $service."
}

print_next_steps() {
  local secret
  secret=$(k get pods -l "$installed" -o 'jsonpath={.items[*].spec.volumes[?(@.name=="token")].secret.secretName}')
  say
  print_address
  say "Token      export CHAINR_TOKEN=\$(kubectl -n $namespace get secret ${secret%% *} -o jsonpath='{.data.token}' | base64 -d)"
  say "First run  export CHAINR_SERVER=$url"
  say '           chainr run examples/readme.json --watch'
  say
  say 'make undeploy removes it.'
}

find_helm
find_cluster
check_arguments
confirm_cluster
provide_namespace
check_rights
check_topology
if [ -n "$helm" ]; then
  say "Installing in the namespace $namespace of $context, with Helm."
  apply_with_helm
else
  say "Installing in the namespace $namespace of $context, with kubectl."
  apply_with_kubectl
fi
wait_until_ready "$((${MINUTES:-5} * 60))"
print_next_steps
