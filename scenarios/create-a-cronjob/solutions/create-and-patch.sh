#!/usr/bin/env bash
# Creates the CronJob with one command and patches what the command has no flag for
set -euo pipefail

kubectl -n watch create cronjob bell --image=busybox:1.36 --schedule='*/30 * * * *' -- date
kubectl -n watch patch cronjob bell -p '{"spec": {"concurrencyPolicy": "Forbid"}}'
kubectl -n watch create job bell-by-hand --from=cronjob/bell
kubectl -n watch patch cronjob bell -p '{"spec": {"suspend": true}}'
