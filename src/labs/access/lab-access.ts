import { Injectable } from '@nestjs/common';
import type { Principal } from '../../accounts/principal.js';
import { Database } from '../../common/database/database.js';
import { DomainError } from '../../common/domain-error.js';
import { isId } from '../../common/new-id.js';
import { Secret } from '../../common/secret.js';
import type { GatewayClient } from '../../sandbox/gateway/gateway-client.js';
import { HostGateways } from '../hosts/host-gateways.js';
import { LabsService, requireUsable } from '../labs.service.js';
import { isAccessKey } from './access-key.js';

/** A lab that the caller may use, and the way to it. */
export interface OpenedLab {
  labId: string;
  gateway: GatewayClient;
  /** On whose behalf, for closing what was opened. */
  subject: string;
}

/** Decides who gets to a lab's terminals and cluster. */
@Injectable()
export class LabAccess {
  constructor(
    private readonly database: Database,
    private readonly labs: LabsService,
    private readonly gateways: HostGateways,
    private readonly secret: Secret,
  ) {}

  /** For its owner. Throws `lab-not-found`, `lab-ended`, `lab-not-ready` or `host-unreachable`. */
  async forOwner(principal: Principal, labId: string): Promise<OpenedLab> {
    const { hostId } = await this.labs.findUsable(principal, labId);
    return { labId, gateway: await this.gateways.of(hostId), subject: principal.subject };
  }

  /** For whoever knows its access key. Throws the same; a wrong key is `lab-not-found`. */
  async forKey(labId: string, key: string): Promise<OpenedLab> {
    const isRight = isId(labId) && isAccessKey(this.secret, labId, key);
    const lab = isRight ? await this.database.lab.findUnique({ where: { id: labId } }) : null;
    if (!lab) throw new DomainError('lab-not-found');
    const { hostId } = requireUsable(lab);
    return { labId, gateway: await this.gateways.of(hostId), subject: `lab:${labId}` };
  }
}
