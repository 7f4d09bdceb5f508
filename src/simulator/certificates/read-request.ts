import 'reflect-metadata';
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';
import type { Der } from './der.js';

/** What a PKCS #10 request (PEM) asks for; rejects when it is malformed or its own signature is wrong. */
export async function readRequest(
  request: string,
): Promise<{ subject: Der; publicKey: Der; alternativeNames: Der | undefined }> {
  const parsed = new Pkcs10CertificateRequest(request);
  if (!(await parsed.verify())) throw new Error('the signature of the certificate request is wrong');
  const alternative = parsed.extensions.find((each) => each instanceof SubjectAlternativeNameExtension);
  return {
    subject: Buffer.from(parsed.subjectName.toArrayBuffer()),
    publicKey: Buffer.from(parsed.publicKey.rawData),
    alternativeNames: alternative && Buffer.from(alternative.rawData),
  };
}
