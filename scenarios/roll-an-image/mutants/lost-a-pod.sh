#!/usr/bin/env bash
# Scales pilot down to get through the rollout faster
# fails: forward/image
set -euo pipefail

kubectl -n fleet scale deployment/pilot --replicas=1
kubectl -n fleet set image deployment/pilot nginx=nginx:1.27
kubectl -n fleet annotate deployment/pilot kubernetes.io/change-cause='Roll to nginx 1.27'
kubectl -n fleet rollout undo deployment/sonar
