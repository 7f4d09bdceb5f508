import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Redis } from 'ioredis';
import { REDIS_ADDRESS, redisOptions } from './redis-address.js';

const PREFIX = 'seatrial:';

/**
 * Short notes from any process to all processes, through Redis. A note may be lost (a reconnect), so it may only hurry
 * something that would also happen without it, or be sent again.
 */
@Injectable()
export class Broadcast implements OnModuleDestroy {
  private readonly publisher: Redis;
  private readonly subscriber: Redis;
  private readonly listeners = new Map<string, Set<(note: string) => void>>();

  constructor(@Inject(REDIS_ADDRESS) address: string) {
    this.publisher = new Redis(redisOptions(address));
    this.subscriber = new Redis(redisOptions(address));
    for (const connection of [this.publisher, this.subscriber]) {
      // ioredis reconnects by itself; without a listener the event would end the process.
      connection.on('error', () => {});
    }
    this.subscriber.on('message', (channel: string, note: string) => {
      for (const listener of this.listeners.get(channel) ?? []) listener(note);
    });
  }

  async send(topic: string, note: string): Promise<void> {
    await this.publisher.publish(PREFIX + topic, note);
  }

  /** Calls `listener` with every note of a topic from now on. Returns how to stop that. */
  async listen(topic: string, listener: (note: string) => void): Promise<() => void> {
    const channel = PREFIX + topic;
    const listeners = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, listeners.add(listener));
    await this.subscriber.subscribe(channel);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.listeners.get(channel) !== listeners) return;
      this.listeners.delete(channel);
      this.subscriber.unsubscribe(channel).catch(() => {});
    };
  }

  /** Resolves when Redis answers. */
  async ping(): Promise<void> {
    await this.publisher.ping();
  }

  onModuleDestroy(): void {
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }
}
