#!/usr/bin/env bash
# Deletes nothing and suspends nothing: the bell goes on all night
# fails: silence/suspended
set -euo pipefail

kubectl -n watch create cronjob bell --image=busybox:1.36 --schedule='*/30 * * * *' -- date
kubectl -n watch patch cronjob bell -p '{"spec": {"concurrencyPolicy": "Forbid"}}'
kubectl -n watch create job bell-by-hand --from=cronjob/bell
