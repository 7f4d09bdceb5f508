#!/usr/bin/env bash
# Exposes the Deployment twice, then moves the node port to where it belongs
set -euo pipefail

kubectl -n harbour expose deployment beacon --port=80 --target-port=80
kubectl -n harbour expose deployment beacon --name=beacon-public --type=NodePort --port=80 --target-port=80
kubectl -n harbour patch service beacon-public --type=json \
  -p '[{"op": "replace", "path": "/spec/ports/0/nodePort", "value": 30080}]'
