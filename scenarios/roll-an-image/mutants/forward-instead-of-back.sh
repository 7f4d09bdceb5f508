#!/usr/bin/env bash
# Repairs sonar with the new release instead of going back
# fails: back/image
set -euo pipefail

kubectl -n fleet set image deployment/pilot deployment/sonar nginx=nginx:1.27
kubectl -n fleet annotate deployment/pilot kubernetes.io/change-cause='Roll to nginx 1.27'
