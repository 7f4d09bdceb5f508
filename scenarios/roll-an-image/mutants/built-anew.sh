#!/usr/bin/env bash
# Deletes sonar and creates it again: the same Pods, without a history
# fails: back/history
set -euo pipefail

kubectl -n fleet set image deployment/pilot nginx=nginx:1.27
kubectl -n fleet annotate deployment/pilot kubernetes.io/change-cause='Roll to nginx 1.27'
kubectl -n fleet delete deployment sonar
kubectl -n fleet create deployment sonar --image=nginx:1.26 --replicas=2
