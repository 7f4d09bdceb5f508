import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { ClientIdentity } from '../cluster.js';
import type { Der } from './der.js';
import {
  authorityKeyIdentifier,
  basicConstraints,
  distinguishedName,
  extendedKeyUsage,
  keyIdentifier,
  keyUsage,
  signCertificate,
  subjectAlternativeNames,
  subjectKeyIdentifier,
} from './sign-certificate.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** kubeadm's validity of the authority, ten years. */
const AUTHORITY_DAYS = 3650;
/** A lab may be paused for long, so longer than kubeadm's one year. */
const LEAF_DAYS = 1825;
const AUTHORITY_NAME = distinguishedName('kubernetes');

/** PEM texts. */
export interface CertificateAndKey {
  certificate: string;
  key: string;
}

/** What a leaf certificate may be used for; https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/ */
export type Usage = 'server' | 'client';

interface Leaf {
  subject: Der;
  publicKey: Der;
  usages: Usage[];
  /** The whole extension. */
  alternativeNames?: Der | undefined;
  validForMs?: number;
}

/** The certificate authority of one cluster: EC P-256 keys, so that a certificate takes a fraction of a millisecond. */
export class CertificateAuthority {
  private readonly keyId: Buffer;

  private constructor(
    /** PEM. */
    readonly certificate: string,
    private readonly signingKey: KeyObject,
  ) {
    this.keyId = keyIdentifier(publicKeyOf(signingKey));
  }

  /** PKCS #8, PEM. */
  get key(): string {
    return pemOf(this.signingKey);
  }

  static async create(): Promise<CertificateAuthority> {
    const { privateKey } = generateKeys();
    const publicKey = publicKeyOf(privateKey);
    const certificate = signCertificate(
      {
        subject: AUTHORITY_NAME,
        issuer: AUTHORITY_NAME,
        publicKey,
        ...validity(AUTHORITY_DAYS * DAY_MS),
        extensions: [
          basicConstraints(true),
          keyUsage('keyCertSign', 'digitalSignature', 'keyEncipherment'),
          subjectKeyIdentifier(keyIdentifier(publicKey)),
          subjectAlternativeNames(['kubernetes']),
        ],
      },
      privateKey,
    );
    return new CertificateAuthority(certificate, privateKey);
  }

  /** The authority whose PEM texts were kept. */
  static async load({ certificate, key }: CertificateAndKey): Promise<CertificateAuthority> {
    return new CertificateAuthority(certificate, createPrivateKey(key));
  }

  /** For an API server reachable under these DNS names and IP addresses. */
  async issueServer(hosts: readonly string[]): Promise<CertificateAndKey> {
    const alternativeNames = subjectAlternativeNames(hosts);
    return this.issue({ subject: distinguishedName('kube-apiserver'), usages: ['server'], alternativeNames });
  }

  /** For a user (common name) with groups (organizations), as Kubernetes reads client certificates. */
  async issueClient({ user, groups }: ClientIdentity): Promise<CertificateAndKey> {
    return this.issue({ subject: distinguishedName(user, groups), usages: ['client'] });
  }

  /** Signs a PKCS #10 request (PEM) as it stands; rejects when it is malformed or its own signature is wrong. */
  async signRequest(request: string, usages: Usage[], validForMs: number): Promise<string> {
    // Only a learner's certificate request needs this library, and it takes long to load.
    const { readRequest } = await import('./read-request.js');
    return this.sign({ ...(await readRequest(request)), usages, validForMs });
  }

  private issue(leaf: Omit<Leaf, 'publicKey'>): CertificateAndKey {
    const { privateKey } = generateKeys();
    const certificate = this.sign({ ...leaf, publicKey: publicKeyOf(privateKey) });
    return { certificate, key: pemOf(privateKey) };
  }

  private sign({ subject, publicKey, usages, alternativeNames, validForMs }: Leaf): string {
    const extensions = [
      keyUsage('digitalSignature', 'keyEncipherment'),
      extendedKeyUsage(...usages),
      basicConstraints(false),
      authorityKeyIdentifier(this.keyId),
      ...(alternativeNames ? [alternativeNames] : []),
    ];
    const valid = validity(validForMs ?? LEAF_DAYS * DAY_MS);
    const parts = { subject, issuer: AUTHORITY_NAME, publicKey, ...valid, extensions };
    return signCertificate(parts, this.signingKey);
  }
}

const generateKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pemOf = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicKeyOf = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'der' });

/** In real time, not the cluster's: TLS clients look at their own clocks. From an hour ago, for clocks that differ. */
function validity(validForMs: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS / 24), notAfter: new Date(now + validForMs) };
}
