import { Injectable } from '@nestjs/common';
import { Database } from '../../common/database/database.js';
import type { Lab, Prisma } from '../../common/database/generated/client.js';
import { CLUSTERS_AT_ONCE } from '../jobs/jobs.js';
import { LabEvents } from '../lab-events.js';
import { LIVE } from '../lab-state.js';
import { ThisHost } from './this-host.js';

/** How long an attempt may be silent before others may think that it died. Renewed while it works. */
export const LEASE_MS = 15_000;

/** The labs that hold a slot: alive, or over and not yet removed. */
export function holdingSlot(hostId: string): Prisma.LabWhereInput {
  return { hostId, OR: [{ state: { in: LIVE } }, { destroyedAt: null }] };
}

/** The queued labs that come before this one. */
export function waitingBefore({ id, driver, createdAt }: Lab): Prisma.LabWhereInput {
  const earlier = [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: id } }];
  return { state: 'queued', driver, OR: earlier };
}

/** Decides which queued labs this host takes. */
@Injectable()
export class HostSlots {
  /** Claims on their way to the database. A host is one process, so all claims for its slots are known here. */
  private claiming = 0;

  constructor(
    private readonly database: Database,
    private readonly events: LabEvents,
    private readonly host: ThisHost,
  ) {}

  /**
   * Takes a queued lab for this host and begins a new attempt, whose number is the answer. `full` when the host has no
   * room, enough to do, or not the driver; nothing when the lab is not to be made (any more).
   */
  async claim(labId: string, drivers: readonly string[]): Promise<number | 'full' | undefined> {
    const others = this.claiming++;
    try {
      const attempt = await this.take(labId, drivers, others);
      if (attempt === undefined) {
        const waiting = await this.database.lab.count({ where: { id: labId, state: 'queued' } });
        return waiting === 1 ? 'full' : undefined;
      }
      await this.events.announce(labId, 'state');
      return attempt;
    } finally {
      this.claiming--;
    }
  }

  /**
   * One statement, because many labs start at once and wait for each other here. The last free slots belong to those who
   * have waited longer. A claim that is on its way may be counted twice; then this one is refused, and tried again soon.
   */
  private async take(labId: string, drivers: readonly string[], others: number): Promise<number | undefined> {
    const now = new Date();
    const leaseUntil = new Date(now.getTime() + LEASE_MS);
    const [taken] = await this.database.$queryRaw<{ attempt: number }[]>`
      WITH candidate AS (
        SELECT lab.id FROM labs lab
        WHERE lab.id = ${labId} AND lab.state = 'queued' AND lab.driver = ANY(${drivers}::text[])
          AND ${others}::int + (
            SELECT count(*) FROM labs other
            WHERE other.host_id = ${this.host.id}
              AND (other.destroyed_at IS NULL OR other.state::text = ANY(${LIVE}::text[]))
          ) + (
            SELECT count(*) FROM labs other
            WHERE other.state = 'queued' AND other.driver = lab.driver
              AND (other.created_at, other.id) < (lab.created_at, lab.id)
          ) < ${this.host.slots}::int
          AND ${others}::int + (
            SELECT count(*) FROM labs other
            WHERE other.host_id = ${this.host.id} AND other.driver = lab.driver AND other.state = 'provisioning'
          ) < CASE lab.driver WHEN 'kind' THEN ${CLUSTERS_AT_ONCE.kind}::int
              ELSE ${CLUSTERS_AT_ONCE.simulated}::int END
        FOR UPDATE
      ), taken AS (
        UPDATE labs
        SET state = 'provisioning', host_id = ${this.host.id}, attempt = attempt + 1,
          provisioning_at = ${now}, lease_until = ${leaseUntil}, last_event = last_event + 1
        FROM candidate WHERE labs.id = candidate.id AND labs.state = 'queued'
        RETURNING labs.id, labs.attempt, labs.last_event, labs.expires_at
      ), told AS (
        INSERT INTO lab_events (lab_id, number, type, data)
        SELECT id, last_event, 'state', jsonb_build_object('state', 'provisioning', 'expiresAt',
          to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
        FROM taken
      )
      SELECT attempt FROM taken`;
    return taken?.attempt;
  }

  /** Renews the lease of an attempt. Resolves to false when the attempt is not wanted any more. */
  async renew(labId: string, attempt: number): Promise<boolean> {
    const renewed = await this.database.lab.updateMany({
      where: { id: labId, attempt, state: 'provisioning' },
      data: { leaseUntil: new Date(Date.now() + LEASE_MS) },
    });
    return renewed.count === 1;
  }
}
