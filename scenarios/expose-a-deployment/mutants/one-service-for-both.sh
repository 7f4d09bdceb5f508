#!/usr/bin/env bash
# Turns the one Service into a NodePort instead of adding a second
# fails: inside/service, outside/node-port, outside/endpoints
set -euo pipefail

kubectl -n harbour expose deployment beacon --type=NodePort --port=80
