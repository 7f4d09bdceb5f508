import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { expect, it } from 'vitest';
import { CertificateAuthority } from './certificate-authority.js';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

async function makeRequest(): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=jane,O=dev',
    keys: keys as webcrypto.CryptoKeyPair,
    signingAlgorithm: ALGORITHM,
  });
  return request.toString('pem');
}

it('issues certificates that verify against it, also when it was loaded', async () => {
  const made = await CertificateAuthority.create();
  const loaded = await CertificateAuthority.load(made);
  const authority = new X509Certificate(made.certificate);
  const { certificate } = await loaded.issueServer(['localhost', '127.0.0.1', 'fe80::1', 'node-1']);
  const server = new X509Certificate(certificate);
  expect(server.verify(authority.publicKey)).toBe(true);
  expect(server.checkIssued(authority)).toBe(true);
  expect(server.checkHost('node-1')).toBe('node-1');
  expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(server.subjectAltName).toContain('IP Address:FE80:0:0:0:0:0:0:1');
});

it('signs requests, and refuses what was tampered with', async () => {
  const authority = await CertificateAuthority.create();
  const request = await makeRequest();
  const signed = new X509Certificate(await authority.signRequest(request, ['client'], 3_600_000));
  expect(signed.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
  expect(signed.subject).toContain('CN=jane');
  expect(Date.parse(signed.validTo) - Date.now()).toBeLessThanOrEqual(3_600_000);
  const bytes = Buffer.from(request.replace(/-----.*?-----|\s/g, ''), 'base64');
  bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
  const tampered = `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
  await expect(authority.signRequest(tampered, ['client'], 1000)).rejects.toThrow();
});
