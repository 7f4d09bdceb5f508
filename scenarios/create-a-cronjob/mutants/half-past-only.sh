#!/usr/bin/env bash
# Strikes at half past, and not on the hour
# fails: schedule/time
set -euo pipefail

kubectl -n watch create cronjob bell --image=busybox:1.36 --schedule='30 * * * *' -- date
kubectl -n watch patch cronjob bell -p '{"spec": {"concurrencyPolicy": "Forbid", "suspend": true}}'
kubectl -n watch create job bell-by-hand --from=cronjob/bell
