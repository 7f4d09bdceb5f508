import { Injectable } from '@nestjs/common';
import type { Scenario } from '../catalog/scenario.js';
import { Database } from '../common/database/database.js';
import type { Prisma } from '../common/database/generated/client.js';

/** As many versions as are likely in use at once. */
const CACHED_VERSIONS = 200;

/**
 * Keeps every version of a scenario that a lab was started from: an author who edits a scenario changes no running lab.
 * The hash names the content, so a version never changes and can be remembered.
 */
@Injectable()
export class ScenarioVersions {
  private readonly cache = new Map<string, Scenario>();

  constructor(private readonly database: Database) {}

  /** Keeps this version. Any number of times. */
  async pin(scenario: Scenario): Promise<void> {
    if (this.cache.has(scenario.contentHash)) return;
    await this.database.scenarioVersion.createMany({
      data: [
        {
          hash: scenario.contentHash,
          scenarioId: scenario.id,
          content: scenario as unknown as Prisma.InputJsonObject,
        },
      ],
      skipDuplicates: true,
    });
    this.remember(scenario);
  }

  /** A version that was pinned. */
  async get(hash: string): Promise<Scenario> {
    const known = this.cache.get(hash);
    if (known) return known;
    const { content } = await this.database.scenarioVersion.findUniqueOrThrow({ where: { hash } });
    // Written by `pin` above, from a scenario that the catalogue had checked.
    const scenario = content as unknown as Scenario;
    this.remember(scenario);
    return scenario;
  }

  private remember(scenario: Scenario): void {
    const [oldest] = this.cache.keys();
    if (this.cache.size >= CACHED_VERSIONS && oldest !== undefined) this.cache.delete(oldest);
    this.cache.set(scenario.contentHash, scenario);
  }
}
