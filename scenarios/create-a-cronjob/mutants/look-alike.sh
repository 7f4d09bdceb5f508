#!/usr/bin/env bash
# Makes a Job of its own that only looks like the CronJob's
# fails: by-hand/job
set -euo pipefail

kubectl -n watch create cronjob bell --image=busybox:1.36 --schedule='*/30 * * * *' -- date
kubectl -n watch patch cronjob bell -p '{"spec": {"concurrencyPolicy": "Forbid", "suspend": true}}'
kubectl -n watch create job bell-by-hand --image=busybox:1.36 -- date
