import { Injectable } from '@nestjs/common';
import type { Principal } from '../accounts/principal.js';
import { Database } from '../common/database/database.js';
import { DomainError } from '../common/domain-error.js';
import { findStep } from './grading.service.js';
import { LabEvents } from './lab-events.js';
import type { HintsGiven } from './lab-view.js';
import { LabsService } from './labs.service.js';
import { ScenarioVersions } from './scenario-versions.js';

/** A hint as it was given: the `number`-th `of` so many. */
export interface GivenHint {
  step: string;
  number: number;
  of: number;
  text: string;
}

/** Gives hints, one after the other. */
@Injectable()
export class LabHintsService {
  constructor(
    private readonly database: Database,
    private readonly labs: LabsService,
    private readonly versions: ScenarioVersions,
    private readonly events: LabEvents,
  ) {}

  /** The next hint of a step. Throws `not-found` when there is none left. */
  async giveNext(principal: Principal, labId: string, stepId: string): Promise<GivenHint> {
    const lab = await this.labs.find(principal, labId);
    const step = findStep(await this.versions.get(lab.scenarioHash), stepId);
    const hint = await this.database.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT id FROM labs WHERE id = ${labId} FOR UPDATE`;
      const { hintsGiven } = await transaction.lab.findUniqueOrThrow({ where: { id: labId } });
      const given = hintsGiven as HintsGiven;
      const number = (given[stepId] ?? 0) + 1;
      const text = step.hints[number - 1];
      if (text === undefined) throw new DomainError('not-found', 'There is no further hint for this step');
      await transaction.lab.update({
        where: { id: labId },
        data: { hintsGiven: { ...given, [stepId]: number } },
      });
      await this.events.append(transaction, labId, { type: 'hint', data: { step: stepId, number } });
      return { step: stepId, number, of: step.hints.length, text };
    });
    await this.events.announce(labId, 'hint');
    return hint;
  }
}
