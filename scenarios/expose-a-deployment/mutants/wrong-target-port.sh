#!/usr/bin/env bash
# The door leads to a port on which nobody listens
# fails: outside/endpoints
set -euo pipefail

kubectl -n harbour expose deployment beacon --port=80
kubectl -n harbour create service nodeport beacon-public --tcp=80:8080 --node-port=30080
kubectl -n harbour set selector service beacon-public app=beacon
