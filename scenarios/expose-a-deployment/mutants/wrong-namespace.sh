#!/usr/bin/env bash
# Puts the first Service into the namespace default
# fails: inside/service, inside/endpoints
set -euo pipefail

kubectl create service clusterip beacon --tcp=80:80
kubectl -n harbour create service nodeport beacon-public --tcp=80:80 --node-port=30080
kubectl -n harbour set selector service beacon-public app=beacon
