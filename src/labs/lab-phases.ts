import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../common/database/database.js';
import { LabEvents } from './lab-events.js';

/** A report of one phase, as drivers give it and as we give our own. */
export interface PhaseReport {
  name: string;
  state: 'running' | 'done' | 'failed';
  message?: string;
}

/** A phase as it stands; times in ISO 8601. What the `phase` event tells. */
interface Phase extends PhaseReport {
  startedAt: string;
  endedAt?: string;
}

/**
 * Reports wait this long for company: the phases of a simulated cluster are over sooner than they are written down, and each
 * write is read again by everyone who follows the lab.
 */
const BATCH_MS = 200;

/** The timeline of one attempt to make a lab. */
export interface Timeline {
  report(phase: PhaseReport): void;
  /** Resolves when all reports so far are written down. */
  written(): Promise<void>;
}

/** Writes the timelines of labs: rows and events, in the order in which the phases began. */
@Injectable()
export class LabPhases {
  private readonly logger = new Logger('LabPhases');

  constructor(
    private readonly database: Database,
    private readonly events: LabEvents,
  ) {}

  /** A timeline for this attempt. Nothing of it is written when another attempt has taken over. */
  begin(labId: string, attempt: number): Timeline {
    const startedAt = new Map<string, string>();
    let waiting: Phase[] = [];
    let timer: NodeJS.Timeout | undefined;
    let writing = Promise.resolve();
    const flush = () => {
      clearTimeout(timer);
      timer = undefined;
      const batch = waiting;
      waiting = [];
      if (batch.length === 0) return writing;
      writing = writing
        .then(() => this.write(labId, attempt, batch))
        .catch((error: unknown) => {
          this.logger.warn({ err: error, labId }, 'phases not written');
        });
      return writing;
    };
    return {
      report: (phase) => {
        const now = new Date().toISOString();
        if (!startedAt.has(phase.name)) startedAt.set(phase.name, now);
        waiting.push({
          ...phase,
          startedAt: startedAt.get(phase.name) ?? now,
          ...(phase.state === 'running' ? {} : { endedAt: now }),
        });
        timer ??= setTimeout(() => void flush(), BATCH_MS);
      },
      written: flush,
    };
  }

  /** One statement for all: the numbers of the events are taken together with the proof that the attempt still counts. */
  private async write(labId: string, attempt: number, phases: Phase[]): Promise<void> {
    const events = phases.map((data, index) => ({ place: index + 1, data }));
    // A statement may change a row once only: of several reports of a phase the last one says it all.
    const rows = [...new Map(events.map(({ place, data }) => [data.name, { place, ...data }])).values()];
    const written = await this.database.$executeRaw`
      WITH lab AS (
        UPDATE labs SET last_event = last_event + ${events.length}::int
        WHERE id = ${labId} AND attempt = ${attempt} AND state = 'provisioning'
        RETURNING id, last_event - ${events.length}::int AS base
      ), phase AS (
        INSERT INTO lab_phases (lab_id, attempt, position, name, state, message, started_at, ended_at)
        SELECT id, ${attempt}, base + row.place, row.name, row.state::phase_state, row.message, row."startedAt", row."endedAt"
        FROM lab, jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          AS row(place int, name text, state text, message text, "startedAt" timestamptz, "endedAt" timestamptz)
        ON CONFLICT (lab_id, attempt, name)
        DO UPDATE SET state = EXCLUDED.state, message = EXCLUDED.message, ended_at = EXCLUDED.ended_at
      )
      INSERT INTO lab_events (lab_id, number, type, data)
      SELECT id, base + event.place, 'phase', event.data
      FROM lab, jsonb_to_recordset(${JSON.stringify(events)}::jsonb) AS event(place int, data jsonb)`;
    if (written > 0) await this.events.announce(labId, 'phase');
  }
}
