import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateAuthority } from './certificate-authority.js';

/** What makes a cluster the one that its kubeconfigs and tokens trust. */
export interface ClusterKeys {
  authority: CertificateAuthority;
  /** Signs service account tokens: EC P-256, PKCS #8 PEM. */
  serviceAccountKey: string;
}

/** The keys kept in `dataDirectory/pki`, made (and kept there) when there are none yet. */
export async function openClusterKeys(dataDirectory: string | undefined): Promise<ClusterKeys> {
  if (dataDirectory === undefined) return makeKeys();
  const directory = join(dataDirectory, 'pki');
  const read = (file: string) => readFileSync(join(directory, file), 'utf8');
  if (existsSync(join(directory, 'sa.key'))) {
    const authority = await CertificateAuthority.load({ certificate: read('ca.crt'), key: read('ca.key') });
    return { authority, serviceAccountKey: read('sa.key') };
  }
  const keys = await makeKeys();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const write = (file: string, text: string) => writeFileSync(join(directory, file), text, { mode: 0o600 });
  write('ca.crt', keys.authority.certificate);
  write('ca.key', keys.authority.key);
  // Last: its presence says that the others are whole.
  write('sa.key', keys.serviceAccountKey);
  return keys;
}

async function makeKeys(): Promise<ClusterKeys> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    authority: await CertificateAuthority.create(),
    serviceAccountKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
