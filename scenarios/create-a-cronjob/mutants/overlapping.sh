#!/usr/bin/env bash
# Leaves the concurrency policy at its default
# fails: schedule/no-overlap
set -euo pipefail

kubectl -n watch create cronjob bell --image=busybox:1.36 --schedule='*/30 * * * *' -- date
kubectl -n watch create job bell-by-hand --from=cronjob/bell
kubectl -n watch patch cronjob bell -p '{"spec": {"suspend": true}}'
