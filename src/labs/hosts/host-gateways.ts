import { Injectable } from '@nestjs/common';
import { Database } from '../../common/database/database.js';
import { DomainError } from '../../common/domain-error.js';
import { Secret } from '../../common/secret.js';
import { GatewayClient } from '../../sandbox/gateway/gateway-client.js';
import { aliveSince } from './host-liveness.js';

const KNOWN_FOR_MS = 2_000;

/** The secret that api and host processes share for tickets. */
export function gatewaySecret(secret: Secret): string {
  return secret.deriveKey('gateway-tickets').toString('base64url');
}

/** Finds the gateway of the host where a lab lives. */
@Injectable()
export class HostGateways {
  private readonly secret: string;
  private readonly known = new Map<string, { client: GatewayClient; until: number }>();

  constructor(
    private readonly database: Database,
    secret: Secret,
  ) {
    this.secret = gatewaySecret(secret);
  }

  /** Throws `host-unreachable` when the host has not been heard of lately. */
  async of(hostId: string): Promise<GatewayClient> {
    const known = this.known.get(hostId);
    if (known && known.until > Date.now()) return known.client;
    const host = await this.database.host.findFirst({
      where: { id: hostId, heartbeatAt: { gt: aliveSince() } },
    });
    if (!host) throw new DomainError('host-unreachable');
    const client = new GatewayClient(targetOf(host.gatewayUrl), this.secret);
    this.known.set(hostId, { client, until: Date.now() + KNOWN_FOR_MS });
    return client;
  }
}

function targetOf(url: string) {
  const parsed = new URL(url);
  return parsed.protocol === 'unix:'
    ? { socketPath: decodeURIComponent(parsed.pathname) }
    : { origin: parsed.origin };
}
