import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP, SocketAddress } from 'node:net';
import {
  bits,
  context,
  type Der,
  integer,
  objectId,
  octets,
  sequence,
  set,
  tagged,
  text,
  time,
  yes,
} from './der.js';

/** An X.509 certificate, version 3, signed with ECDSA and SHA-256; https://www.rfc-editor.org/rfc/rfc5280#section-4 */
export interface CertificateParts {
  subject: Der;
  issuer: Der;
  /** SubjectPublicKeyInfo. */
  publicKey: Der;
  notBefore: Date;
  notAfter: Date;
  extensions: Der[];
}

const ECDSA_WITH_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'));
const VERSION_3 = context(0, integer(Buffer.of(2)));

/** The certificate as PEM. */
export function signCertificate(parts: CertificateParts, signingKey: KeyObject): string {
  const toBeSigned = sequence(
    VERSION_3,
    integer(serialNumber()),
    ECDSA_WITH_SHA256,
    parts.issuer,
    sequence(time(parts.notBefore), time(parts.notAfter)),
    parts.subject,
    parts.publicKey,
    context(3, sequence(...parts.extensions)),
  );
  const signature = sign('sha256', toBeSigned, signingKey);
  const certificate = sequence(toBeSigned, ECDSA_WITH_SHA256, bits(signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** `O` and `CN` as Kubernetes reads them: groups and user. */
export function distinguishedName(commonName: string, organizations: readonly string[] = []): Der {
  const attribute = (type: string, value: string) => set(sequence(objectId(type), text(value)));
  return sequence(
    ...organizations.map((organization) => attribute('2.5.4.10', organization)),
    attribute('2.5.4.3', commonName),
  );
}

/** How RFC 5280 names a key: the SHA-1 of its bits, which are the last 65 bytes of a P-256 key's information. */
export const keyIdentifier = (publicKey: Der) => createHash('sha1').update(publicKey.subarray(-65)).digest();

export const basicConstraints = (isAuthority: boolean) =>
  extension('2.5.29.19', isAuthority ? sequence(yes()) : sequence(), true);

export function keyUsage(...usages: (keyof typeof USAGE_BITS)[]): Der {
  const byte = usages.reduce((sum, usage) => sum | (0x80 >> USAGE_BITS[usage]), 0);
  const unused = 7 - Math.max(...usages.map((usage) => USAGE_BITS[usage]));
  return extension('2.5.29.15', bits(Buffer.of(byte), unused), true);
}

const USAGE_BITS = { digitalSignature: 0, keyEncipherment: 2, keyCertSign: 5 };

export function extendedKeyUsage(...usages: (keyof typeof PURPOSES)[]): Der {
  return extension('2.5.29.37', sequence(...usages.map((usage) => objectId(PURPOSES[usage]))));
}

const PURPOSES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' };

export const subjectKeyIdentifier = (identifier: Uint8Array) => extension('2.5.29.14', octets(identifier));

export const authorityKeyIdentifier = (identifier: Uint8Array) =>
  extension('2.5.29.35', sequence(tagged(0x80, identifier)));

/** DNS names and IP addresses. */
export function subjectAlternativeNames(hosts: readonly string[]): Der {
  const names = hosts.map((host) =>
    isIP(host) === 0 ? tagged(0x82, Buffer.from(host)) : tagged(0x87, addressBytes(host)),
  );
  return extension('2.5.29.17', sequence(...names));
}

function extension(type: string, value: Der, isCritical = false): Der {
  return sequence(objectId(type), ...(isCritical ? [yes()] : []), octets(value));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = new SocketAddress({ address, family: 'ipv6' }).address.split('::');
  const groups = (part: string | undefined) => (part ? part.split(':') : []);
  const zeros = Array(8 - groups(head).length - groups(tail).length).fill('0');
  const all = [...groups(head), ...zeros, ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** Positive and 16 bytes, as RFC 5280 wants serial numbers. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}
