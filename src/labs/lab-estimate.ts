import { Injectable } from '@nestjs/common';
import { Database } from '../common/database/database.js';
import type { Lab } from '../common/database/generated/client.js';
import { aliveSince } from './hosts/host-liveness.js';
import { waitingBefore } from './hosts/host-slots.js';
import { clustersAtOnce } from './jobs/jobs.js';

/** What a lab takes before any was measured. */
const FIRST_GUESS_MS: Record<string, number> = { simulated: 1_000, kind: 60_000 };
const MEASURED_LABS = 20;
const MEASURED_FOR_MS = 5_000;

/** The place of a waiting lab, 1 for the next one, and when it will be ready by what the last labs took. */
export interface QueuePlace {
  place: number;
  expectedReadyAt: Date;
}

@Injectable()
export class LabEstimate {
  private readonly measured = new Map<string, { typicalMs: number; until: number }>();

  constructor(private readonly database: Database) {}

  /** Where a lab stands; nothing for one that waits no longer. A lab that is being made has the place 0. */
  async queuePlace(lab: Lab): Promise<QueuePlace | undefined> {
    const now = Date.now();
    if (lab.state === 'provisioning') {
      const startedAt = lab.provisioningAt?.getTime() ?? now;
      const expected = startedAt + (await this.typicalMs(lab.driver));
      return { place: 0, expectedReadyAt: new Date(Math.max(expected, now)) };
    }
    if (lab.state !== 'queued') return undefined;
    const [ahead, hosts, typicalMs] = await Promise.all([
      this.database.lab.count({ where: waitingBefore(lab) }),
      this.database.host.count({
        where: { heartbeatAt: { gt: aliveSince() }, drivers: { has: lab.driver } },
      }),
      this.typicalMs(lab.driver),
    ]);
    const rounds = Math.ceil((ahead + 1) / (Math.max(hosts, 1) * clustersAtOnce(lab.driver)));
    return { place: ahead + 1, expectedReadyAt: new Date(now + rounds * typicalMs) };
  }

  /** The median of the last labs of this driver. */
  private async typicalMs(driver: string): Promise<number> {
    const known = this.measured.get(driver);
    if (known && known.until > Date.now()) return known.typicalMs;
    const labs = await this.database.lab.findMany({
      where: { driver, readyAt: { not: null }, provisioningAt: { not: null } },
      orderBy: { readyAt: 'desc' },
      take: MEASURED_LABS,
      select: { readyAt: true, provisioningAt: true },
    });
    const durations = labs
      .map(({ readyAt, provisioningAt }) => Number(readyAt) - Number(provisioningAt))
      .filter((duration) => duration > 0)
      .sort((a, b) => a - b);
    const typicalMs = durations[Math.floor(durations.length / 2)] ?? FIRST_GUESS_MS[driver] ?? 60_000;
    this.measured.set(driver, { typicalMs, until: Date.now() + MEASURED_FOR_MS });
    return typicalMs;
  }
}
