import { Injectable } from '@nestjs/common';
import { Database } from '../common/database/database.js';
import { LabEvents } from './lab-events.js';

/** A report of one phase, as drivers give it and as we give our own. */
export interface PhaseReport {
  name: string;
  state: 'running' | 'done' | 'failed';
  message?: string;
}

/** The timeline of an attempt to make a lab: rows and events, in the order in which the phases began. */
@Injectable()
export class LabPhases {
  constructor(
    private readonly database: Database,
    private readonly events: LabEvents,
  ) {}

  /** Writes one report of time `at` down, unless another attempt has taken over. One statement: a start writes many. */
  async record(labId: string, attempt: number, report: PhaseReport, at: Date): Promise<void> {
    const { name, state, message = null } = report;
    const endedAt = state === 'running' ? null : at;
    const recorded = await this.database.$executeRaw`
      WITH lab AS (
        UPDATE labs SET last_event = last_event + 1
        WHERE id = ${labId} AND attempt = ${attempt} AND state = 'provisioning'
        RETURNING id, last_event
      ), phase AS (
        INSERT INTO lab_phases (lab_id, attempt, position, name, state, message, started_at, ended_at)
        SELECT id, ${attempt}, last_event, ${name}, ${state}::phase_state, ${message}, ${at}, ${endedAt} FROM lab
        ON CONFLICT (lab_id, attempt, name)
        DO UPDATE SET state = EXCLUDED.state, message = EXCLUDED.message, ended_at = EXCLUDED.ended_at
        RETURNING started_at
      )
      INSERT INTO lab_events (lab_id, number, type, data)
      SELECT id, last_event, 'phase', jsonb_strip_nulls(jsonb_build_object(
        'name', ${name}::text, 'state', ${state}::text, 'message', ${message}::text,
        'startedAt', to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'endedAt', ${endedAt?.toISOString() ?? null}::text))
      FROM lab, phase`;
    if (recorded > 0) await this.events.announce(labId, 'phase');
  }
}
