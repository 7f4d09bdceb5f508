import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { ClientIdentity } from '../cluster.js';

type Key = webcrypto.CryptoKey;
type KeyPair = webcrypto.CryptoKeyPair;

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 60 * 60 * 1000;
/** kubeadm's validity of the authority, ten years. */
const AUTHORITY_DAYS = 3650;
/** A lab may be paused for long, so longer than kubeadm's one year. */
const LEAF_DAYS = 1825;

/** PEM texts. */
export interface CertificateAndKey {
  certificate: string;
  key: string;
}

/** What a leaf certificate may be used for; https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/ */
export type Usage = 'server' | 'client';

interface Leaf {
  name: x509.JsonName;
  publicKey: x509.PublicKeyType | Key;
  usages: Usage[];
  alternativeNames?: x509.JsonGeneralNames;
  validForMs?: number;
}

/** The certificate authority of one cluster: EC P-256 keys, so that a certificate takes a few milliseconds. */
export class CertificateAuthority {
  private constructor(
    /** PEM. */
    readonly certificate: string,
    /** PKCS #8, PEM. */
    readonly key: string,
    private readonly issuer: x509.X509Certificate,
    private readonly signingKey: Key,
  ) {}

  static async create(): Promise<CertificateAuthority> {
    const keys = await generateKeys();
    const issuer = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: 'CN=kubernetes',
      ...validity(AUTHORITY_DAYS * DAY_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign |
            x509.KeyUsageFlags.digitalSignature |
            x509.KeyUsageFlags.keyEncipherment,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'kubernetes' }]),
      ],
    });
    const key = await exportKey(keys.privateKey);
    return new CertificateAuthority(issuer.toString('pem'), key, issuer, keys.privateKey);
  }

  /** The authority whose PEM texts were kept. */
  static async load({ certificate, key }: CertificateAndKey): Promise<CertificateAuthority> {
    const der = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
    const signingKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
    return new CertificateAuthority(certificate, key, new x509.X509Certificate(certificate), signingKey);
  }

  /** For an API server reachable under these DNS names and IP addresses. */
  async issueServer(hosts: readonly string[]): Promise<CertificateAndKey> {
    const keys = await generateKeys();
    const alternativeNames = hosts.map((value) => ({
      type: isIP(value) ? ('ip' as const) : ('dns' as const),
      value,
    }));
    const name = [{ CN: ['kube-apiserver'] }];
    const certificate = await this.sign({
      name,
      publicKey: keys.publicKey,
      usages: ['server'],
      alternativeNames,
    });
    return { certificate, key: await exportKey(keys.privateKey) };
  }

  /** For a user (common name) with groups (organizations), as Kubernetes reads client certificates. */
  async issueClient({ user, groups }: ClientIdentity): Promise<CertificateAndKey> {
    const keys = await generateKeys();
    const name = [...groups.map((group) => ({ O: [group] })), { CN: [user] }];
    const certificate = await this.sign({ name, publicKey: keys.publicKey, usages: ['client'] });
    return { certificate, key: await exportKey(keys.privateKey) };
  }

  /** Signs a PKCS #10 request (PEM) as it stands; rejects when it is malformed or its own signature is wrong. */
  async signRequest(request: string, usages: Usage[], validForMs: number): Promise<string> {
    const parsed = new x509.Pkcs10CertificateRequest(request);
    if (!(await parsed.verify())) throw new Error('the signature of the certificate request is wrong');
    const alternative = parsed.extensions.find(
      (each) => each instanceof x509.SubjectAlternativeNameExtension,
    );
    return this.sign({
      name: parsed.subjectName.toJSON(),
      publicKey: parsed.publicKey,
      usages,
      ...(alternative && { alternativeNames: alternative.names.toJSON() }),
      validForMs,
    });
  }

  private async sign(leaf: Leaf): Promise<string> {
    const extensions: x509.Extension[] = [
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      new x509.ExtendedKeyUsageExtension(
        leaf.usages.map((usage) => x509.ExtendedKeyUsage[usage === 'server' ? 'serverAuth' : 'clientAuth']),
      ),
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(this.issuer.publicKey),
    ];
    if (leaf.alternativeNames)
      extensions.push(new x509.SubjectAlternativeNameExtension(leaf.alternativeNames));
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: leaf.name,
      issuer: this.issuer.subject,
      ...validity(leaf.validForMs ?? LEAF_DAYS * DAY_MS),
      publicKey: leaf.publicKey,
      signingKey: this.signingKey,
      signingAlgorithm: ALGORITHM,
      extensions,
    });
    return certificate.toString('pem');
  }
}

async function generateKeys(): Promise<KeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as KeyPair;
}

async function exportKey(key: Key): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return x509.PemConverter.encode(der, 'PRIVATE KEY');
}

/** Positive and 16 bytes, as RFC 5280 wants serial numbers. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** In real time, not the cluster's: TLS clients look at their own clocks. From an hour ago, for clocks that differ. */
function validity(validForMs: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS / 24), notAfter: new Date(now + validForMs) };
}
