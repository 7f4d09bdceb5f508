import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { z } from 'zod';

/** The terminal on the user's side. */
export interface UserTerminal {
  size(): { columns: number; rows: number };
  /** Listens to keys; returns how to stop. */
  onInput(listener: (input: Buffer) => void): () => void;
  onResize(listener: () => void): () => void;
  write(output: Buffer): void;
}

export interface TerminalAddress {
  /** `ws:` or `wss:`, without a query. */
  url: URL;
  headers: Record<string, string>;
}

const controlFrame = z.union([
  z.object({ type: z.literal('hello'), seq: z.number() }),
  z.object({ type: z.literal('exit'), code: z.number() }),
]);

/** Ctrl-], as telnet has it. */
export const DETACH_KEY = 0x1d;

/** How often in a row a connection may fail without a byte more; at these intervals that is ten seconds. */
const MAX_TRIES = 20;
const RECONNECT_AFTER_MS = 500;

/** How one connection ended: the shell did, its user left it, or it was lost. */
type Ending = { type: 'exit'; code: number } | { type: 'detached' } | { type: 'lost'; reason: string };

/**
 * Connects the user's terminal to one of a lab until its shell ends (resolves with its exit code) or the detach key is
 * pressed (resolves with undefined). A lost connection is taken up where it broke off, so nothing is missed or shown twice.
 * Rejects when it cannot be opened, or not again.
 */
export async function attachTerminal(
  address: TerminalAddress,
  user: UserTerminal,
): Promise<number | undefined> {
  const client = new TerminalClient(address, user);
  for (let tries = 0; ; ) {
    const before = client.position;
    const ending = await client.connect();
    if (ending.type === 'exit') return ending.code;
    if (ending.type === 'detached') return undefined;
    tries = client.position === before ? tries + 1 : 0;
    if (client.position === undefined || tries >= MAX_TRIES) throw new Error(ending.reason);
    await sleep(RECONNECT_AFTER_MS);
  }
}

class TerminalClient {
  /** Of the next byte to come, in the terminal's whole output; unknown before the first hello. */
  position: number | undefined;

  constructor(
    private readonly address: TerminalAddress,
    private readonly user: UserTerminal,
  ) {}

  connect(): Promise<Ending> {
    const { user } = this;
    const url = new URL(this.address.url);
    if (this.position !== undefined) url.searchParams.set('after', String(this.position));
    const socket = new WebSocket(url, { headers: this.address.headers });
    return new Promise((resolve) => {
      const stops: (() => void)[] = [];
      const end = (ending: Ending) => {
        for (const stop of stops.splice(0)) stop();
        socket.close();
        resolve(ending);
      };
      const sendSize = () => {
        const { columns, rows } = user.size();
        socket.send(JSON.stringify({ type: 'resize', cols: columns, rows }));
      };
      socket.on('open', () => {
        sendSize();
        stops.push(user.onResize(sendSize));
        stops.push(
          user.onInput((input) =>
            input.includes(DETACH_KEY) ? end({ type: 'detached' }) : socket.send(input),
          ),
        );
      });
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        const code = isBinary ? this.show(data) : this.control(data.toString('utf8'));
        if (code !== undefined) end({ type: 'exit', code });
      });
      socket.on('error', (error) => end({ type: 'lost', reason: error.message }));
      socket.on('close', (_, reason) =>
        end({ type: 'lost', reason: reason.toString('utf8') || 'the connection was lost' }),
      );
    });
  }

  private show(data: Buffer): undefined {
    this.position = (this.position ?? 0) + data.length;
    this.user.write(data);
  }

  /** The exit code when the frame brings one; frames that this client does not know are let pass. */
  private control(text: string): number | undefined {
    const frame = controlFrame.safeParse(parseJson(text));
    if (!frame.success) return undefined;
    if (frame.data.type === 'exit') return frame.data.code;
    this.position = frame.data.seq;
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
