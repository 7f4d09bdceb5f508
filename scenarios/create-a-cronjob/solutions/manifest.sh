#!/usr/bin/env bash
# Writes the CronJob down, asleep from the start; a Job can be made from it all the same
set -euo pipefail

cat > bell.yaml <<'YAML'
apiVersion: batch/v1
kind: CronJob
metadata:
  name: bell
  namespace: watch
spec:
  schedule: "0,30 * * * *"
  concurrencyPolicy: Forbid
  suspend: true
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: clapper
              image: busybox:1.36
              command: ["sh", "-c", "date; echo ding ding"]
YAML
kubectl apply -f bell.yaml
kubectl -n watch create job first-bell --from=cronjob/bell
