#!/usr/bin/env bash
# Forgets the log
# fails: forward/log
set -euo pipefail

kubectl -n fleet set image deployment/pilot nginx=nginx:1.27
kubectl -n fleet rollout undo deployment/sonar
