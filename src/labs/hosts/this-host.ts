import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Database } from '../../common/database/database.js';
import { isId, newId } from '../../common/new-id.js';
import { ENV } from '../../config/config.module.js';
import type { Env } from '../../config/env.js';
import { aliveSince, HEARTBEAT_MS } from './host-liveness.js';

/** This process as a host: its row, by which the others know it. Its id belongs to its data folder and never changes. */
@Injectable()
export class ThisHost {
  private readonly logger = new Logger('Host');
  private readonly bootId = randomUUID();
  private heartbeat: NodeJS.Timeout | undefined;
  private knownId: string | undefined;

  constructor(
    private readonly database: Database,
    @Inject(ENV) private readonly env: Env,
  ) {}

  get id(): string {
    if (!this.knownId) throw new Error('The host has not been announced yet');
    return this.knownId;
  }

  get slots(): number {
    return this.env.SEATRIAL_HOST_SLOTS;
  }

  /** Reads or makes the id, before anything else of this host is made. */
  async identify(): Promise<string> {
    const file = join(this.env.SEATRIAL_DATA, 'host-id');
    await mkdir(this.env.SEATRIAL_DATA, { recursive: true, mode: 0o700 });
    const known = (await readFile(file, 'utf8').catch(() => '')).trim();
    this.knownId = isId(known) ? known : newId();
    if (known !== this.knownId) await writeFile(file, this.knownId, { mode: 0o600 });
    return this.knownId;
  }

  /** Tells the installation that this host is here, and goes on telling. */
  async announce(gatewayUrl: string, drivers: string[]): Promise<void> {
    const now = new Date();
    const row = {
      name: this.env.SEATRIAL_HOST_NAME ?? hostname(),
      gatewayUrl,
      drivers,
      slots: this.slots,
      bootId: this.bootId,
      startedAt: now,
      heartbeatAt: now,
    };
    await this.database.host.upsert({ where: { id: this.id }, create: { id: this.id, ...row }, update: row });
    this.heartbeat = setInterval(() => {
      this.database.host
        .updateMany({ where: { id: this.id, bootId: this.bootId }, data: { heartbeatAt: new Date() } })
        .catch((error: unknown) => this.logger.warn({ err: error }, 'heartbeat not written'));
    }, HEARTBEAT_MS);
  }

  /** Takes leave: nothing is sent here until the next start. Its labs wait for it as for a host that fell silent just now. */
  async leave(): Promise<void> {
    clearInterval(this.heartbeat);
    if (!this.heartbeat) return;
    await this.database.host.updateMany({
      where: { id: this.id, bootId: this.bootId },
      data: { heartbeatAt: aliveSince() },
    });
  }
}
