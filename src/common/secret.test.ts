import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSecret, Secret } from './secret.js';

const secret = new Secret('a secret of at least thirty-two characters');

describe('Secret', () => {
  it('knows its own signatures, for their purpose and text only', () => {
    const signature = secret.sign('cookie', 'session-1');
    expect(secret.verify('cookie', 'session-1', signature)).toBe(true);
    expect(secret.verify('cookie', 'session-2', signature)).toBe(false);
    expect(secret.verify('ticket', 'session-1', signature)).toBe(false);
    expect(new Secret('another').verify('cookie', 'session-1', signature)).toBe(false);
    expect(secret.verify('cookie', 'session-1', '')).toBe(false);
  });

  it('opens what it sealed, and nothing that was changed', () => {
    const sealed = secret.seal('answers', 'the token is ü');
    expect(sealed).not.toContain('token');
    expect(secret.unseal('answers', sealed)).toBe('the token is ü');
    expect(() => secret.unseal('cookie', sealed)).toThrow();
    const changed = Buffer.from(sealed, 'base64url');
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect(() => secret.unseal('answers', changed.toString('base64url'))).toThrow();
  });
});

describe('loadSecret', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'seatrial-secret-'));
  });
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  it('makes one that only we can read, once', async () => {
    const [one, other] = await Promise.all([loadSecret(folder, undefined), loadSecret(folder, undefined)]);
    expect(one.sign('a', 'b')).toBe(other.sign('a', 'b'));
    expect((await stat(join(folder, 'secret'))).mode & 0o777).toBe(0o600);
  });
});
