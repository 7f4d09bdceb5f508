import { Injectable } from '@nestjs/common';
import { Database } from '../common/database/database.js';
import type { LabEvent, Prisma } from '../common/database/generated/client.js';
import { Broadcast } from '../common/redis/broadcast.js';

/** What happened to a lab. `data` is what clients get. */
export type LabEventContent =
  | { type: 'state'; data: { state: string; reason?: string; expiresAt: string } }
  | {
      type: 'phase';
      data: { name: string; state: string; message?: string; startedAt: string; endedAt?: string };
    }
  | { type: 'extended'; data: { expiresAt: string } }
  | { type: 'grade'; data: Prisma.InputJsonObject }
  | { type: 'hint'; data: { step: string; number: number } }
  | { type: 'clock'; data: { advancedMs: number } };

const topicOf = (labId: string) => `lab:${labId}`;

/**
 * The numbered story of each lab. An event is written in the transaction of the change that it tells, so there is none
 * without the other; the numbers have no gaps, and nobody sees a number before all smaller ones.
 */
@Injectable()
export class LabEvents {
  constructor(
    private readonly database: Database,
    private readonly broadcast: Broadcast,
  ) {}

  /** Adds an event within a transaction. The lab's row is locked by it until the transaction ends. */
  async append(
    transaction: Pick<Prisma.TransactionClient, '$executeRaw'>,
    labId: string,
    content: LabEventContent,
  ): Promise<void> {
    await transaction.$executeRaw`
      WITH numbered AS (UPDATE labs SET last_event = last_event + 1 WHERE id = ${labId} RETURNING last_event)
      INSERT INTO lab_events (lab_id, number, type, data)
      SELECT ${labId}, last_event, ${content.type}, ${JSON.stringify(content.data)}::jsonb FROM numbered`;
  }

  /** Wakes everyone who follows this lab; call it after the transaction. A lost note only delays them. */
  async announce(labId: string, type: LabEventContent['type']): Promise<void> {
    await this.broadcast.send(topicOf(labId), type);
  }

  /** The events after a number, oldest first, at most 500. */
  async readAfter(labId: string, number: number): Promise<LabEvent[]> {
    return this.database.labEvent.findMany({
      where: { labId, number: { gt: number } },
      orderBy: { number: 'asc' },
      take: 500,
    });
  }

  /** Calls `wake` with the type of each new event. Returns how to stop that. */
  async follow(labId: string, wake: (type: string) => void): Promise<() => void> {
    return this.broadcast.listen(topicOf(labId), wake);
  }
}
