import { Inject, Injectable } from '@nestjs/common';
import type { Principal } from '../accounts/principal.js';
import { Catalogue } from '../catalog/catalogue.js';
import type { Scenario } from '../catalog/scenario.js';
import { Database } from '../common/database/database.js';
import type { Lab, LabPhase } from '../common/database/generated/client.js';
import { DomainError } from '../common/domain-error.js';
import { isId, newId } from '../common/new-id.js';
import { ENV } from '../config/config.module.js';
import type { Env } from '../config/env.js';
import { aliveSince } from './hosts/host-liveness.js';
import { JobQueues } from './jobs/job-queues.js';
import { LabEnding } from './lab-ending.js';
import { LabEstimate } from './lab-estimate.js';
import { LabEvents } from './lab-events.js';
import { firstExpiry, labLimit, latestExpiry } from './lab-limits.js';
import { LIVE, OVER, USABLE } from './lab-state.js';
import { LabTransitions } from './lab-transitions.js';
import { showLab } from './lab-view.js';
import type { LabView } from './labs.schema.js';
import { ScenarioVersions } from './scenario-versions.js';

/** How many labs a list has at most: all that are alive and the newest of those that are over. */
const LIST_LENGTH = 50;

/** What learners do with their labs. Whatever is not theirs does not exist: `lab-not-found`. */
@Injectable()
export class LabsService {
  constructor(
    private readonly database: Database,
    private readonly catalogue: Catalogue,
    private readonly versions: ScenarioVersions,
    private readonly queues: JobQueues,
    private readonly events: LabEvents,
    private readonly transitions: LabTransitions,
    private readonly ending: LabEnding,
    private readonly estimate: LabEstimate,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * Begins a lab and resolves at once. With a `creationKey` that was used before, it is the lab made then. Throws
   * `scenario-not-found`, `driver-not-supported`, `driver-unavailable` or `lab-limit-reached`.
   */
  async create(
    principal: Principal,
    request: { scenario: string; driver?: Env['SEATRIAL_DRIVER'] | undefined },
    creationKey: string | undefined,
  ): Promise<LabView> {
    const scenario = this.catalogue.get(request.scenario);
    if (!scenario) throw new DomainError('scenario-not-found');
    const driver = this.chooseDriver(scenario, request.driver);
    await this.requireHost(driver);
    await this.versions.pin(scenario);
    const lab = await this.insert(principal, scenario, driver, creationKey ?? null);
    if (lab.state === 'queued') await this.queues.provision(lab);
    return this.show(lab);
  }

  /** The row of one's own lab. Throws `lab-not-found`. */
  async find(principal: Principal, id: string): Promise<Lab> {
    const lab = isId(id)
      ? await this.database.lab.findFirst({ where: { id, userId: principal.userId } })
      : null;
    if (!lab) throw new DomainError('lab-not-found');
    return lab;
  }

  /** The same, when its cluster can be worked in. Throws `lab-not-found`, `lab-ended` or `lab-not-ready`. */
  async findUsable(principal: Principal, id: string): Promise<Lab & { hostId: string }> {
    return requireUsable(await this.find(principal, id));
  }

  async get(principal: Principal, id: string): Promise<LabView> {
    return this.show(await this.find(principal, id));
  }

  /** One's own labs, newest first. */
  async list(principal: Principal): Promise<LabView[]> {
    const [live, over] = await Promise.all([
      this.database.lab.findMany({ where: { userId: principal.userId, state: { in: LIVE } } }),
      this.database.lab.findMany({
        where: { userId: principal.userId, state: { in: OVER } },
        orderBy: { createdAt: 'desc' },
        take: LIST_LENGTH,
      }),
    ]);
    const newestFirst = [...live, ...over].sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
    return Promise.all(newestFirst.slice(0, Math.max(LIST_LENGTH, live.length)).map((lab) => this.show(lab)));
  }

  /** Gives a lab more time. Throws `extension-limit-reached` when it has all that it may have. */
  async extend(principal: Principal, id: string, minutes: number): Promise<LabView> {
    const lab = await this.find(principal, id);
    if (OVER.includes(lab.state)) throw new DomainError('lab-ended');
    const limit = latestExpiry(this.env, lab.createdAt);
    const expiresAt = new Date(Math.min(lab.expiresAt.getTime() + minutes * 60_000, limit.getTime()));
    if (expiresAt <= lab.expiresAt) {
      throw new DomainError(
        'extension-limit-reached',
        `A lab lives ${this.env.SEATRIAL_LAB_MAX_MINUTES} minutes at most`,
      );
    }
    await this.database.$transaction(async (transaction) => {
      const extended = await transaction.lab.updateMany({
        where: { id, state: { in: LIVE }, expiresAt: lab.expiresAt },
        data: { expiresAt },
      });
      if (extended.count === 0) throw new DomainError('lab-not-ready', 'The lab has just changed; try again');
      await this.events.append(transaction, id, {
        type: 'extended',
        data: { expiresAt: expiresAt.toISOString() },
      });
    });
    await this.events.announce(id, 'extended');
    return this.get(principal, id);
  }

  /** Ends a lab. A second time changes nothing. */
  async end(principal: Principal, id: string): Promise<LabView> {
    await this.find(principal, id);
    await this.ending.end(id, {
      to: 'ended',
      reason: { code: 'ended-by-learner', text: 'You have ended the lab' },
    });
    return this.get(principal, id);
  }

  /** Makes the cluster anew, as the scenario begins; points and verdicts begin anew too. */
  async reset(principal: Principal, id: string): Promise<LabView> {
    const lab = await this.findUsable(principal, id);
    const moved = await this.transitions.move(id, {
      to: 'provisioning',
      from: USABLE,
      attempt: lab.attempt,
      data: {
        attempt: lab.attempt + 1,
        provisioningAt: new Date(),
        readyAt: null,
        finishedAt: null,
        points: 0,
        verdicts: {},
        clockOffsetMs: 0,
        // Until the host has begun; when it does not, the lab is queued again.
        leaseUntil: new Date(Date.now() + 60_000),
      },
    });
    if (moved) await this.queues.reset(lab.hostId, { id, attempt: lab.attempt + 1 });
    return this.get(principal, id);
  }

  private async show(lab: Lab): Promise<LabView> {
    const [scenario, phases, queue] = await Promise.all([
      this.versions.get(lab.scenarioHash),
      lab.attempt === 0 ? [] : this.readPhases(lab),
      this.estimate.queuePlace(lab),
    ]);
    return showLab(lab, phases, scenario, queue);
  }

  private async readPhases({ id, attempt }: Lab): Promise<LabPhase[]> {
    return this.database.labPhase.findMany({ where: { labId: id, attempt }, orderBy: { position: 'asc' } });
  }

  private chooseDriver(
    scenario: Scenario,
    wanted: Env['SEATRIAL_DRIVER'] | undefined,
  ): Env['SEATRIAL_DRIVER'] {
    if (wanted && !scenario.drivers.includes(wanted)) {
      throw new DomainError(
        'driver-not-supported',
        `The scenario runs on ${scenario.drivers.join(' and ')}`,
        {
          errors: [{ path: 'driver', message: `must be ${scenario.drivers.join(' or ')}` }],
        },
      );
    }
    if (wanted) return wanted;
    const [first = 'simulated'] = scenario.drivers;
    return scenario.drivers.includes(this.env.SEATRIAL_DRIVER) ? this.env.SEATRIAL_DRIVER : first;
  }

  private async requireHost(driver: string): Promise<void> {
    const able = await this.database.host.count({
      where: { heartbeatAt: { gt: aliveSince() }, drivers: { has: driver } },
    });
    if (able > 0) return;
    const alive = await this.database.host.count({ where: { heartbeatAt: { gt: aliveSince() } } });
    const why = alive > 0 ? `No host can make ${driver} clusters` : 'No host is running';
    throw new DomainError('driver-unavailable', why);
  }

  /** Counting and adding stand in line for each user, so that many requests at once do not get past the limit. */
  private async insert(
    principal: Principal,
    scenario: Scenario,
    driver: string,
    creationKey: string | null,
  ): Promise<Lab> {
    const { userId } = principal;
    const limit = labLimit(this.env, principal.role);
    return this.database.$transaction(async (transaction) => {
      if (creationKey !== null || Number.isFinite(limit)) {
        await transaction.$queryRaw`SELECT id FROM users WHERE id = ${userId} FOR UPDATE`;
      }
      const earlier = creationKey && (await transaction.lab.findFirst({ where: { userId, creationKey } }));
      if (earlier) return earlier;
      const live = await transaction.lab.count({ where: { userId, state: { in: LIVE } } });
      if (live >= limit)
        throw new DomainError('lab-limit-reached', `You may have ${limit} labs at once; end one first`);
      const now = new Date();
      const expiresAt = firstExpiry(this.env, now);
      const lab = await transaction.lab.create({
        data: {
          id: newId(),
          userId,
          scenarioId: scenario.id,
          scenarioHash: scenario.contentHash,
          driver,
          creationKey,
          createdAt: now,
          expiresAt,
          maxPoints: scenario.points,
        },
      });
      const data = { state: 'queued', expiresAt: expiresAt.toISOString() };
      await this.events.append(transaction, lab.id, { type: 'state', data });
      return lab;
    });
  }
}

/** Throws `lab-ended` or `lab-not-ready` unless the lab's cluster can be worked in. */
export function requireUsable(lab: Lab): Lab & { hostId: string } {
  if (OVER.includes(lab.state)) throw new DomainError('lab-ended', lab.reason ?? undefined);
  if (!USABLE.includes(lab.state) || !lab.hostId)
    throw new DomainError('lab-not-ready', `The lab is ${lab.state}`);
  return { ...lab, hostId: lab.hostId };
}
