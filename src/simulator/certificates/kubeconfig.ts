import { stringify } from 'yaml';
import type { Credentials } from '../cluster.js';

interface KubeconfigParts {
  /** Names cluster, user and context. */
  cluster: string;
  user: string;
  /** `https://127.0.0.1:6443` as its reader will reach it. */
  server: string;
  credentials: Credentials;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** A kubeconfig with everything embedded; https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ */
export function kubeconfigText({ cluster, user, server, credentials }: KubeconfigParts): string {
  const context = user === 'kubernetes-admin' ? cluster : `${user}@${cluster}`;
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: cluster,
          cluster: { server, 'certificate-authority-data': base64(credentials.certificateAuthority) },
        },
      ],
      users: [
        {
          name: user,
          user: {
            'client-certificate-data': base64(credentials.clientCertificate),
            'client-key-data': base64(credentials.clientKey),
          },
        },
      ],
      contexts: [{ name: context, context: { cluster, user } }],
      'current-context': context,
      preferences: {},
    },
    { lineWidth: 0 },
  );
}
