import { Injectable } from '@nestjs/common';
import { Database } from '../common/database/database.js';
import type { Prisma } from '../common/database/generated/client.js';
import type { ErrorCode } from '../common/domain-error.js';
import { LabEvents } from './lab-events.js';
import { type LabState, OVER, sourcesOf } from './lab-state.js';

export interface Move {
  to: LabState;
  /** Only out of these; all that the table allows when absent. */
  from?: readonly LabState[];
  /** Only while this attempt to make the lab is the newest one. */
  attempt?: number;
  /** Further conditions and changes of the row. */
  where?: Prisma.LabWhereInput;
  data?: Prisma.LabUncheckedUpdateManyInput;
  reason?: { code: ErrorCode | 'ended-by-learner' | 'ended-by-administrator' | 'time-is-up'; text: string };
}

/** The one place that changes a lab's state. */
@Injectable()
export class LabTransitions {
  constructor(
    private readonly database: Database,
    private readonly events: LabEvents,
  ) {}

  /**
   * Moves a lab, if it still is where the move begins: one conditional update, so that of all who try at once exactly one
   * succeeds. Resolves to whether it was this one. The event is written along with it.
   */
  async move(labId: string, { to, from, attempt, where, data, reason }: Move): Promise<boolean> {
    const sources = sourcesOf(to).filter((state) => from?.includes(state) ?? true);
    const moved = await this.database.$transaction(async (transaction) => {
      const [updated] = await transaction.lab.updateManyAndReturn({
        where: { ...where, id: labId, state: { in: sources }, ...(attempt === undefined ? {} : { attempt }) },
        data: {
          ...data,
          state: to,
          ...(OVER.includes(to) ? { endedAt: new Date() } : {}),
          ...(reason ? { reasonCode: reason.code, reason: reason.text } : {}),
        },
        select: { expiresAt: true },
      });

      if (!updated) return false;
      await this.events.append(transaction, labId, {
        type: 'state',
        data: {
          state: to,
          expiresAt: updated.expiresAt.toISOString(),
          ...(reason ? { reason: reason.text } : {}),
        },
      });
      return true;
    });
    if (moved) await this.events.announce(labId, 'state');
    return moved;
  }
}
