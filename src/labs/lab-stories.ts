import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Database } from '../common/database/database.js';
import type { Lab, LabEvent } from '../common/database/generated/client.js';
import { LabEstimate } from './lab-estimate.js';
import { LabEvents } from './lab-events.js';
import { OVER } from './lab-state.js';

/** Keeps proxies from closing a quiet stream, and finds events whose note was lost. */
const HEARTBEAT_MS = 15_000;
/** How often a waiting lab's place in the queue is looked up. */
const QUEUE_MS = 1_000;

/** Tells the story of a lab to one client, as server-sent events, until it is over or the client has gone. */
@Injectable()
export class LabStories {
  constructor(
    private readonly database: Database,
    private readonly events: LabEvents,
    private readonly estimate: LabEstimate,
  ) {}

  async tell(lab: Lab, after: number, request: Request, response: Response): Promise<void> {
    const bell = new Bell();
    let gone = false;
    const leave = () => {
      gone = true;
      bell.ring();
    };
    request.once('close', leave);
    response.once('close', leave);
    // Listen first, then read: what is written in between rings.
    const unfollow = await this.events.follow(lab.id, () => bell.ring());
    try {
      let last = after;
      let state: string = lab.state;
      let told = '';
      while (!gone) {
        const news = await this.events.readAfter(lab.id, last);
        if (news.length === 0 && isOver(state)) break;
        if (!response.headersSent) open(response);
        for (const event of news) response.write(writeEvent(event));
        last = news.at(-1)?.number ?? last;
        state = lastState(news) ?? state;
        if (news.length > 0 && isOver(state)) continue;
        const place = state === 'queued' ? await this.describePlace(lab.id) : '';
        if (place !== '' && place !== told) response.write(place);
        told = place;
        if (await bell.silentFor(state === 'queued' ? QUEUE_MS : HEARTBEAT_MS))
          response.write(': still here\n\n');
      }
      if (!response.headersSent) response.status(204);
      response.end();
    } finally {
      unfollow();
    }
  }

  private async describePlace(labId: string): Promise<string> {
    const lab = await this.database.lab.findUnique({ where: { id: labId } });
    const queue = lab && (await this.estimate.queuePlace(lab));
    if (!queue) return '';
    const data = { place: queue.place, expectedReadyAt: queue.expectedReadyAt.toISOString() };
    return `event: queue\ndata: ${JSON.stringify(data)}\n\n`;
  }
}

function isOver(state: string): boolean {
  return (OVER as string[]).includes(state);
}

/** The state that the newest of these events tells, if any does. */
function lastState(events: LabEvent[]): string | undefined {
  const data = events.findLast(({ type }) => type === 'state')?.data;
  return (data as { state: string } | undefined)?.state;
}

function open(response: Response): void {
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // nginx would collect the stream otherwise.
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
}

function writeEvent({ number, type, data, createdAt }: LabEvent): string {
  const body = { ...(data as object), at: createdAt.toISOString() };
  return `id: ${number}\nevent: ${type}\ndata: ${JSON.stringify(body)}\n\n`;
}

/** Remembers a ring until somebody listens. */
class Bell {
  private rung = false;
  private wake: (() => void) | undefined;

  ring(): void {
    this.rung = true;
    this.wake?.();
  }

  /** Resolves at the next ring, or to true when there was none for so long. */
  async silentFor(timeoutMs: number): Promise<boolean> {
    if (!this.rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const silent = !this.rung;
    this.rung = false;
    this.wake = undefined;
    return silent;
  }
}
