import { Injectable } from '@nestjs/common';
import { Broadcast } from '../common/redis/broadcast.js';

const TOPIC = 'revoked';

/** Tells every process at once which credential is no longer good, as `token:ID` or `session:ID`. */
@Injectable()
export class Revocations {
  constructor(private readonly broadcast: Broadcast) {}

  async announce(subject: string): Promise<void> {
    await this.broadcast.send(TOPIC, subject);
  }

  async listen(listener: (subject: string) => void): Promise<() => void> {
    return this.broadcast.listen(TOPIC, listener);
  }
}
