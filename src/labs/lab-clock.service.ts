import { Injectable } from '@nestjs/common';
import type { Principal } from '../accounts/principal.js';
import { Database } from '../common/database/database.js';
import { DomainError } from '../common/domain-error.js';
import { JobQueues } from './jobs/job-queues.js';
import { LabEvents } from './lab-events.js';
import type { LabView } from './labs.schema.js';
import { LabsService } from './labs.service.js';

const UNIT_MS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1_000 };
/** A day holds every schedule a scenario waits for; more would only keep the host busy. */
const LONGEST_ADVANCE_MS = 24 * 3_600_000;
const PATIENCE_MS = 60_000;
const ASK_AGAIN_MS = 1_000;

/** Moves the clock of a simulated cluster forward. */
@Injectable()
export class LabClockService {
  constructor(
    private readonly database: Database,
    private readonly labs: LabsService,
    private readonly queues: JobQueues,
    private readonly events: LabEvents,
  ) {}

  /**
   * `advance` as `1h30m`. Resolves when everything that was due by then has run. Throws `clock-not-movable` for real
   * clusters, `validation-failed` for nothing or more than a day, `host-unreachable` when the host does not get to it.
   */
  async advance(principal: Principal, labId: string, advance: string): Promise<LabView> {
    const byMs = readDuration(advance);
    const lab = await this.labs.findUsable(principal, labId);
    if (lab.driver !== 'simulated') throw new DomainError('clock-not-movable');
    const toOffsetMs = Number(lab.clockOffsetMs) + byMs;
    await this.queues.moveClock(lab.hostId, labId, toOffsetMs);
    await this.waitUntilMoved(labId, toOffsetMs);
    return this.labs.get(principal, labId);
  }

  private async waitUntilMoved(labId: string, toOffsetMs: number): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    let wake = () => {};
    const unfollow = await this.events.follow(labId, () => wake());
    try {
      for (;;) {
        const { clockOffsetMs } = await this.database.lab.findUniqueOrThrow({ where: { id: labId } });
        if (Number(clockOffsetMs) >= toOffsetMs) return;
        if (Date.now() > deadline)
          throw new DomainError('host-unreachable', 'The clock was not moved in time');
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ASK_AGAIN_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    } finally {
      unfollow();
    }
  }
}

function readDuration(text: string): number {
  const units = [...text.matchAll(/(\d+)([hms])/g)];
  const byMs = units.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS[unit ?? ''] ?? 0), 0);
  if (byMs >= 1_000 && byMs <= LONGEST_ADVANCE_MS) return byMs;
  throw new DomainError('validation-failed', undefined, {
    errors: [{ path: 'advance', message: 'must be from 1s to 24h' }],
  });
}
