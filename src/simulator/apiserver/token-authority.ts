import { createPublicKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { jwtVerify } from 'jose';
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
  private readonly publicKey: KeyObject;
  private readonly verified = new Map<string, Claims>();

  /** `privateKey`: EC P-256. */
  constructor(
    private readonly privateKey: KeyObject,
    private readonly store: Store,
    private readonly clock: Clock,
  ) {
    this.publicKey = createPublicKey(privateKey);
  }

  issue(request: TokenRequest): string {
    const { namespace, serviceAccount, boundTo } = request;
    const issuedAt = Math.floor(this.clock.now() / 1000);
    const bound = boundTo && { [boundTo.kind.toLowerCase()]: { name: boundTo.name, uid: boundTo.uid } };
    return this.signClaims({
      aud: [...request.audiences],
      exp: issuedAt + request.expiresInSeconds,
      iat: issuedAt,
      iss: DEFAULT_ISSUER,
      jti: randomUUID(),
      'kubernetes.io': {
        namespace,
        serviceaccount: { name: serviceAccount.name, uid: serviceAccount.uid },
        ...bound,
      },
      nbf: issuedAt,
      sub: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
    });
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

  /** Without the library that verifies: importing a key into it would cost more than all tokens of a new cluster. */
  private signClaims(claims: object): string {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const signed = `${encode({ alg: ALGORITHM })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), {
      key: this.privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return `${signed}.${signature.toString('base64url')}`;
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
