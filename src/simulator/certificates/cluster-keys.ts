import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateAuthority } from './certificate-authority.js';

/** What makes a cluster the one that its kubeconfigs and tokens trust. */
export interface ClusterKeys {
  authority: CertificateAuthority;
  /** Signs service account tokens: EC P-256. */
  serviceAccountKey: KeyObject;
}

/** The file that holds them, PEM texts. One for all: making files is the slowest part of making a cluster. */
interface KeysFile {
  certificate: string;
  key: string;
  serviceAccountKey: string;
}

/** The keys kept in `dataDirectory/keys.json`, made (and kept there) when there are none yet. */
export async function openClusterKeys(dataDirectory: string | undefined): Promise<ClusterKeys> {
  if (dataDirectory === undefined) return makeKeys();
  const file = join(dataDirectory, 'keys.json');
  if (existsSync(file)) {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as KeysFile;
    const authority = await CertificateAuthority.load(kept);
    return { authority, serviceAccountKey: createPrivateKey(kept.serviceAccountKey) };
  }
  const keys = await makeKeys();
  const { certificate, key } = keys.authority;
  const serviceAccountKey = keys.serviceAccountKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const content: KeysFile = { certificate, key, serviceAccountKey };
  mkdirSync(dataDirectory, { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(content), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return keys;
}

async function makeKeys(): Promise<ClusterKeys> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { authority: await CertificateAuthority.create(), serviceAccountKey: privateKey };
}
