import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DomainError } from '../../common/domain-error.js';

const recordSchema = z.object({
  driver: z.enum(['simulated', 'kind']),
  /** What the learner's processes run as on this host. */
  uid: z.int(),
});

/** What a host must remember of a sandbox; all else is asked of the runtime. */
export type SandboxRecord = z.output<typeof recordSchema>;

/** First of the unprivileged user ids that sandboxes get; Debian gives none of these to people or subordinate ranges below 100000+65536. */
const FIRST_UID = 200_000;

const ID_PATTERN = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The folders of sandboxes: `<data>/sandboxes/<id>/{sandbox.json,home,relay,cluster}`. */
export class SandboxStore {
  private readonly root: string;
  private allocation: Promise<unknown> = Promise.resolve();
  /** Read once: with every sandbox that a host has, reading all records again would take longer. */
  private taken: Promise<Set<number | undefined>> | undefined;

  constructor(dataDirectory: string) {
    this.root = join(dataDirectory, 'sandboxes');
  }

  /** Throws `bad-request` for an id that could not be one; so no path leads out of the data folder. */
  folder(id: string, ...names: string[]): string {
    if (!ID_PATTERN.test(id))
      throw new DomainError('bad-request', 'A sandbox id is 1 to 63 of a-z, 0-9 and -.');
    return join(this.root, id, ...names);
  }

  /** The sandbox's record, made together with its folders when there is none: only then `isNew`. */
  async ensure(
    id: string,
    driver: SandboxRecord['driver'],
  ): Promise<{ record: SandboxRecord; isNew: boolean }> {
    const known = await this.find(id);
    if (known) return { record: known, isNew: false };
    const made = this.allocation.then(() => this.create(id, driver));
    this.allocation = made.catch(() => undefined);
    return { record: await made, isNew: true };
  }

  async find(id: string): Promise<SandboxRecord | undefined> {
    const text = await readFile(this.folder(id, 'sandbox.json'), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    return recordSchema.parse(JSON.parse(text));
  }

  /** Ids of all sandboxes with a folder here, also of those that were killed while they were made. */
  async list(): Promise<string[]> {
    const entries = await readdir(this.root, { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  }

  async remove(id: string): Promise<void> {
    const record = await this.find(id).catch(() => undefined);
    await rm(this.folder(id), { recursive: true, force: true, maxRetries: 3 });
    (await this.taken)?.delete(record?.uid);
  }

  private async create(id: string, driver: SandboxRecord['driver']): Promise<SandboxRecord> {
    const record = { driver, uid: await this.freeUid() };
    // A home without a record is what a killed process left of its first moment: nobody was in it.
    await rm(this.folder(id, 'home'), { recursive: true, force: true });
    await mkdir(this.folder(id, 'home'), { recursive: true, mode: 0o700 });
    const file = this.folder(id, 'sandbox.json');
    await writeFile(`${file}.new`, JSON.stringify(record));
    await rename(`${file}.new`, file);
    return record;
  }

  private async freeUid(): Promise<number> {
    this.taken ??= this.readTakenUids();
    const taken = await this.taken;
    let uid = FIRST_UID;
    while (taken.has(uid)) uid += 1;
    taken.add(uid);
    return uid;
  }

  private async readTakenUids(): Promise<Set<number | undefined>> {
    const records = await Promise.all((await this.list()).map((id) => this.find(id).catch(() => undefined)));
    return new Set(records.map((record) => record?.uid));
  }
}
