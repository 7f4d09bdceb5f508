import { Injectable } from '@nestjs/common';
import { ThrottlerGuard } from '@nestjs/throttler';

/** Counts requests by user, not by address: a whole class may share one. */
@Injectable()
export class RequestLimitGuard extends ThrottlerGuard {
  protected override async getTracker(request: {
    ip?: string;
    principal?: { userId: string };
  }): Promise<string> {
    return request.principal?.userId ?? request.ip ?? 'unknown';
  }
}
