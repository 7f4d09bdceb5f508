#!/usr/bin/env bash
# Writes both Deployments as they should be and applies the file
set -euo pipefail

cat > fleet.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: pilot
  namespace: fleet
  labels:
    app: pilot
  annotations:
    kubernetes.io/change-cause: nginx 1.27, as planned
spec:
  replicas: 3
  selector:
    matchLabels:
      app: pilot
  template:
    metadata:
      labels:
        app: pilot
    spec:
      containers:
        - name: nginx
          image: nginx:1.27
          ports:
            - containerPort: 80
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: sonar
  namespace: fleet
  labels:
    app: sonar
spec:
  replicas: 2
  selector:
    matchLabels:
      app: sonar
  template:
    metadata:
      labels:
        app: sonar
    spec:
      containers:
        - name: nginx
          image: nginx:1.26
          ports:
            - containerPort: 80
YAML
kubectl apply -f fleet.yaml
