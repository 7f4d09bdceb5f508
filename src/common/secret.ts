import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The installation's secret, and all that is made from it. Each purpose has a key of its own. */
export class Secret {
  constructor(private readonly master: string) {}

  /** A 32-byte key for one purpose, always the same. */
  deriveKey(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.master, 'seatrial', purpose, 32));
  }

  /** A signature of `text`: 43 characters base64url. */
  sign(purpose: string, text: string): string {
    return createHmac('sha256', this.deriveKey(purpose)).update(text).digest('base64url');
  }

  /** Whether `signature` is ours; takes the same time for every wrong one. */
  verify(purpose: string, text: string, signature: string): boolean {
    const expected = Buffer.from(this.sign(purpose, text));
    const given = Buffer.from(signature);
    return expected.length === given.length && timingSafeEqual(expected, given);
  }

  /** Encrypts a text (AES-256-GCM) for storage; base64url of nonce, tag and cipher text. */
  seal(purpose: string, text: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.deriveKey(purpose), iv);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** The text that was sealed. Throws when it was changed or sealed with another secret. */
  unseal(purpose: string, sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', this.deriveKey(purpose), bytes.subarray(0, IV_BYTES));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString(
      'utf8',
    );
  }
}

/** The secret given in the settings, else the one kept in the data folder (mode 0600), made there on the first start. */
export async function loadSecret(dataDirectory: string, given: string | undefined): Promise<Secret> {
  if (given) return new Secret(given);
  const file = join(dataDirectory, 'secret');
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  // `wx` fails when another process made it first: then that one counts.
  await writeFile(file, randomBytes(32).toString('base64url'), { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
  return new Secret(await readFile(file, 'utf8'));
}
