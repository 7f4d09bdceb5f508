#!/usr/bin/env bash
# Sets the image, annotates, and undoes the other rollout
set -euo pipefail

kubectl -n fleet set image deployment/pilot nginx=nginx:1.27
kubectl -n fleet annotate deployment/pilot kubernetes.io/change-cause='Roll to nginx 1.27'
kubectl -n fleet rollout undo deployment/sonar
