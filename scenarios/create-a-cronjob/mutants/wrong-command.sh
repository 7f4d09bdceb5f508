#!/usr/bin/env bash
# Updates something, but does not tell the date
# fails: schedule/command
set -euo pipefail

kubectl -n watch create cronjob bell --image=busybox:1.36 --schedule='*/30 * * * *' -- echo update
kubectl -n watch patch cronjob bell -p '{"spec": {"concurrencyPolicy": "Forbid", "suspend": true}}'
kubectl -n watch create job bell-by-hand --from=cronjob/bell
