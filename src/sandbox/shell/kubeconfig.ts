import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { DomainError } from '../../common/domain-error.js';

/** Everything needed to speak with one cluster as one user; certificates and keys are PEM texts. */
export interface ClusterAccess {
  /** e.g. `https://127.0.0.1:6443`. */
  server: string;
  certificateAuthority?: string;
  /** The name in the server's certificate when it is not the one in `server`. */
  tlsServerName?: string;
  skipTlsVerify?: boolean;
  user: { clientCertificate?: string; clientKey?: string; token?: string };
}

const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');

/** A kubeconfig (YAML) with one cluster, user and context, all named `name`. */
export function writeKubeconfig(name: string, access: ClusterAccess): string {
  const { user } = access;
  const cluster = {
    server: access.server,
    ...(access.certificateAuthority && { 'certificate-authority-data': base64(access.certificateAuthority) }),
    ...(access.tlsServerName && { 'tls-server-name': access.tlsServerName }),
    ...(access.skipTlsVerify && { 'insecure-skip-tls-verify': true }),
  };
  const credentials = {
    ...(user.clientCertificate && { 'client-certificate-data': base64(user.clientCertificate) }),
    ...(user.clientKey && { 'client-key-data': base64(user.clientKey) }),
    ...(user.token && { token: user.token }),
  };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster }],
    users: [{ name, user: credentials }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}

const decoded = z.base64().transform((text) => Buffer.from(text, 'base64').toString('utf8'));

/** The parts of https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ that are read. */
const kubeconfigSchema = z.object({
  'current-context': z.string(),
  contexts: z.array(
    z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) }),
  ),
  clusters: z.array(
    z.object({
      name: z.string(),
      cluster: z.object({
        server: z.url(),
        'certificate-authority-data': decoded.optional(),
        'tls-server-name': z.string().optional(),
        'insecure-skip-tls-verify': z.boolean().optional(),
      }),
    }),
  ),
  users: z.array(
    z.object({
      name: z.string(),
      user: z.object({
        'client-certificate-data': decoded.optional(),
        'client-key-data': decoded.optional(),
        token: z.string().optional(),
      }),
    }),
  ),
});

/** Reads the current context of a kubeconfig with embedded credentials. Throws `bad-request` saying what is missing. */
export function readKubeconfig(text: string): ClusterAccess {
  const config = parseKubeconfig(text);
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.user)?.user;
  if (!cluster || !user) {
    throw new DomainError(
      'bad-request',
      'The current context of the kubeconfig names no cluster and user in it.',
    );
  }
  return {
    server: cluster.server,
    ...definedOnly({
      certificateAuthority: cluster['certificate-authority-data'],
      tlsServerName: cluster['tls-server-name'],
      skipTlsVerify: cluster['insecure-skip-tls-verify'],
    }),
    user: definedOnly({
      clientCertificate: user['client-certificate-data'],
      clientKey: user['client-key-data'],
      token: user.token,
    }),
  };
}

function parseKubeconfig(text: string): z.output<typeof kubeconfigSchema> {
  try {
    return kubeconfigSchema.parse(parse(text));
  } catch (cause) {
    throw new DomainError('bad-request', 'This is no kubeconfig with embedded credentials.', { cause });
  }
}

/** Optional properties are absent, never undefined. */
function definedOnly<T extends Record<string, unknown>>(
  record: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
