#!/usr/bin/env bash
# Patches both Deployments, the image and the cause in one go
set -euo pipefail

kubectl -n fleet patch deployment pilot -p '{
  "metadata": {"annotations": {"kubernetes.io/change-cause": "patched to 1.27"}},
  "spec": {"template": {"spec": {"containers": [{"name": "nginx", "image": "nginx:1.27"}]}}}
}'
kubectl -n fleet patch deployment sonar --type=json \
  -p '[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "nginx:1.26"}]'
