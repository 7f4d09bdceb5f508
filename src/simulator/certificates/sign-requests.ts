import type { CertificateSigningRequest } from '../api/certificates-v1.generated.js';
import type { Client } from '../client.js';
import type { CertificateAuthority, Usage } from './certificate-authority.js';

const REQUESTS = 'certificatesigningrequests.certificates.k8s.io';
/** kube-controller-manager's default, one year. */
const DEFAULT_SECONDS = 365 * 24 * 60 * 60;

/** https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers */
const SIGNERS: Record<string, Usage[]> = {
  'kubernetes.io/kube-apiserver-client': ['client'],
  'kubernetes.io/kube-apiserver-client-kubelet': ['client'],
  'kubernetes.io/kubelet-serving': ['server'],
};

/** Signs what is approved for one of Kubernetes' own signers, until the returned function is called. */
export function signRequests(client: Client, authority: CertificateAuthority): () => void {
  return client.watch<CertificateSigningRequest>(REQUESTS, ({ type, object }) => {
    if (type === 'DELETED' || !isDue(object)) return;
    // Somebody else wrote meanwhile: that write is another event, which brings the request here again.
    void sign(client, authority, object).catch(() => undefined);
  });
}

function isDue({ spec, status }: CertificateSigningRequest): boolean {
  const has = (type: string) => status?.conditions?.some((condition) => condition.type === type) ?? false;
  return (
    spec.signerName in SIGNERS && has('Approved') && !has('Denied') && !has('Failed') && !status?.certificate
  );
}

async function sign(
  client: Client,
  authority: CertificateAuthority,
  request: CertificateSigningRequest,
): Promise<void> {
  const { spec, status } = request;
  const pem = Buffer.from(spec.request, 'base64').toString();
  const seconds = spec.expirationSeconds ?? DEFAULT_SECONDS;
  const usages = SIGNERS[spec.signerName] ?? [];
  const signed = await authority.signRequest(pem, usages, seconds * 1000).then(
    (certificate) => ({ certificate: Buffer.from(certificate).toString('base64') }),
    (error: Error) => ({ conditions: [...(status?.conditions ?? []), failure(error.message)] }),
  );
  await client.updateStatus(REQUESTS, { ...request, status: { ...status, ...signed } });
}

const failure = (message: string) => ({
  type: 'Failed',
  status: 'True',
  reason: 'SignerValidationFailure',
  message,
});
