#!/usr/bin/env bash
# The Service inside selects a label that no Pod carries
# fails: inside/endpoints
set -euo pipefail

kubectl -n harbour expose deployment beacon --port=80 --selector=app=lamp
kubectl -n harbour create service nodeport beacon-public --tcp=80:80 --node-port=30080
kubectl -n harbour set selector service beacon-public app=beacon
