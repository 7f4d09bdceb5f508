import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HomeQuota } from './home-quota.js';

const MEBIBYTE = 1024 ** 2;
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'seatrial-quota-'));
});
afterEach(() => rm(home, { recursive: true }));

test('tells when a home is full and when it grows on, and leaves one alone that is being tidied up', async () => {
  let calls = 0;
  const quota = new HomeQuota(home, { homeBytes: 2 * MEBIBYTE, homeEntries: 100 }, () => {
    calls += 1;
  });
  const measureWith = async (mebibytes: number) => {
    await writeFile(join(home, 'big'), Buffer.alloc(mebibytes * MEBIBYTE, 1));
    await quota.check();
    return calls;
  };
  expect(await measureWith(1)).toBe(0);
  expect(await measureWith(3)).toBe(1);
  expect(await measureWith(4)).toBe(1);
  expect(await measureWith(9)).toBe(2);
  expect(await measureWith(3)).toBe(2);
  expect(await measureWith(1)).toBe(2);
  expect(await measureWith(3)).toBe(3);
});

test('tells since when, once a home is more than twice too big', async () => {
  const since: (Date | undefined)[] = [];
  const quota = new HomeQuota(home, { homeBytes: MEBIBYTE, homeEntries: 100 }, (date) => since.push(date));
  const measureWith = async (mebibytes: number) => {
    await writeFile(join(home, 'big'), Buffer.alloc(mebibytes * MEBIBYTE, 1));
    await quota.check();
  };
  const beforeFine = new Date();
  await measureWith(0.5);
  const afterFine = new Date();
  await measureWith(1.5);
  await measureWith(9);
  expect(since[0]).toBeUndefined();
  expect(since[1]?.getTime()).toBeGreaterThanOrEqual(beforeFine.getTime());
  expect(since[1]?.getTime()).toBeLessThanOrEqual(afterFine.getTime());
});

test('counts many small files, and nothing behind a link', async () => {
  let calls = 0;
  const quota = new HomeQuota(home, { homeBytes: MEBIBYTE, homeEntries: 20 }, () => {
    calls += 1;
  });
  await symlink('/usr', join(home, 'usr'));
  await quota.check();
  expect(calls).toBe(0);
  await Promise.all(Array.from({ length: 25 }, (_, index) => writeFile(join(home, `f${index}`), '')));
  await quota.check();
  expect(calls).toBe(1);
});
