#!/usr/bin/env bash
# Creates the Services bare, then points the second one at the Pods
set -euo pipefail

kubectl config set-context --current --namespace=harbour
kubectl create service clusterip beacon --tcp=80:80
kubectl create service nodeport beacon-public --tcp=80:80 --node-port=30080
kubectl set selector service beacon-public app=beacon
