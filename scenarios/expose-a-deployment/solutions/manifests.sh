#!/usr/bin/env bash
# Writes both Services down and applies them; the target port goes by its name
set -euo pipefail

cat > services.yaml <<'YAML'
apiVersion: v1
kind: Service
metadata:
  name: beacon
  namespace: harbour
spec:
  selector:
    app: beacon
  ports:
    - port: 80
      targetPort: http
---
apiVersion: v1
kind: Service
metadata:
  name: beacon-public
  namespace: harbour
spec:
  type: NodePort
  selector:
    app: beacon
  ports:
    - port: 80
      targetPort: http
      nodePort: 30080
YAML
kubectl apply -f services.yaml
