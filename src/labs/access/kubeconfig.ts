import { stringify } from 'yaml';

/** A kubeconfig (YAML) for a cluster at `server`, whose address carries the right to use it. */
export function writeKubeconfig(name: string, server: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}
