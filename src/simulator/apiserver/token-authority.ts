import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../clock/clock.js';
import type { Store } from '../storage/store.js';
import type { UserInfo } from './caller.js';

/** kubeadm's issuer, which is also the audience of tokens for the API server itself. */
export const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';
const ALGORITHM = 'ES256';
/** Verified tokens are remembered up to this many. */
const REMEMBERED_TOKENS = 1000;

interface BoundObject {
  kind: string;
  name: string;
  uid: string;
}

export interface TokenRequest {
  namespace: string;
  serviceAccount: { name: string; uid: string };
  audiences: readonly string[];
  expiresInSeconds: number;
  /** The token dies with this Pod, Secret or Node. */
  boundTo?: BoundObject;
}

interface Claims {
  aud?: string | string[] | undefined;
  exp?: number | undefined;
  jti?: string | undefined;
  'kubernetes.io'?: {
    namespace: string;
    serviceaccount: { name: string; uid: string };
    pod?: { name: string; uid: string };
    secret?: { name: string; uid: string };
    node?: { name: string; uid: string };
  };
}

/** Signs and checks service account tokens; https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens */
export class TokenAuthority {
  private readonly privateKey: KeyObject;
  private readonly publicKey: KeyObject;
  private readonly verified = new Map<string, Claims>();

  /** `key`: PKCS #8 PEM of an EC P-256 key. */
  constructor(
    key: string,
    private readonly store: Store,
    private readonly clock: Clock,
  ) {
    this.privateKey = createPrivateKey(key);
    this.publicKey = createPublicKey(this.privateKey);
  }

  async issue(request: TokenRequest): Promise<string> {
    const { namespace, serviceAccount, boundTo } = request;
    const issuedAt = Math.floor(this.clock.now() / 1000);
    const bound = boundTo && { [boundTo.kind.toLowerCase()]: { name: boundTo.name, uid: boundTo.uid } };
    return new SignJWT({
      'kubernetes.io': {
        namespace,
        serviceaccount: { name: serviceAccount.name, uid: serviceAccount.uid },
        ...bound,
      },
    })
      .setProtectedHeader({ alg: ALGORITHM })
      .setIssuer(DEFAULT_ISSUER)
      .setSubject(`system:serviceaccount:${namespace}:${serviceAccount.name}`)
      .setAudience([...request.audiences])
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(issuedAt + request.expiresInSeconds)
      .setJti(randomUUID())
      .sign(this.privateKey);
  }

  /** Whose token it is; undefined when it is not ours, over, for another audience, or bound to what is gone. */
  async authenticate(
    token: string,
    audiences: readonly string[] = [DEFAULT_ISSUER],
  ): Promise<UserInfo | undefined> {
    const claims = this.verified.get(token) ?? (await this.verify(token));
    if (!claims || (claims.exp ?? 0) * 1000 <= this.clock.now()) return undefined;
    const meant = [claims.aud ?? []].flat();
    if (!audiences.some((audience) => meant.includes(audience))) return undefined;
    return this.userOf(claims);
  }

  private async verify(token: string): Promise<Claims | undefined> {
    try {
      const currentDate = new Date(this.clock.now());
      const { payload } = await jwtVerify(token, this.publicKey, {
        algorithms: [ALGORITHM],
        issuer: DEFAULT_ISSUER,
        currentDate,
      });
      if (this.verified.size >= REMEMBERED_TOKENS) this.verified.clear();
      this.verified.set(token, payload as Claims);
      return payload as Claims;
    } catch {
      return undefined;
    }
  }

  private userOf({ 'kubernetes.io': bound, jti }: Claims): UserInfo | undefined {
    if (!bound) return undefined;
    const { namespace, serviceaccount, pod, secret } = bound;
    const exists = (resource: string, object: { name: string; uid: string }) =>
      this.store.get(resource, namespace, object.name)?.metadata.uid === object.uid;
    if (!exists('serviceaccounts', serviceaccount)) return undefined;
    if (pod && !exists('pods', pod)) return undefined;
    if (secret && !exists('secrets', secret)) return undefined;
    return {
      name: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
      uid: serviceaccount.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': [`JTI=${jti}`],
        ...(pod && {
          'authentication.kubernetes.io/pod-name': [pod.name],
          'authentication.kubernetes.io/pod-uid': [pod.uid],
        }),
      },
    };
  }
}
