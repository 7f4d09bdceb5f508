#!/usr/bin/env bash
# Takes whichever node port comes
# fails: outside/node-port
set -euo pipefail

kubectl -n harbour expose deployment beacon --port=80
kubectl -n harbour expose deployment beacon --name=beacon-public --type=NodePort --port=80
kubectl -n harbour patch service beacon-public --type=json \
  -p '[{"op": "replace", "path": "/spec/ports/0/nodePort", "value": 30081}]'
