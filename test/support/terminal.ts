import WebSocket from 'ws';
import { adminToken } from './run-service.js';
import { waitUntil } from './wait-until.js';

/** A terminal as a client of the API sees it: all bytes in order, and the position after the last of them. */
export class TestTerminal {
  private readonly chunks: Buffer[] = [];
  private socket: WebSocket | undefined;
  position = 0;
  exitCode: number | undefined;
  closeCode: number | undefined;

  constructor(
    private readonly serviceUrl: string,
    private readonly path: string,
    private readonly token: string = adminToken,
  ) {}

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  async connect(after?: number): Promise<void> {
    const query = after === undefined ? '' : `?after=${after}`;
    const socket = new WebSocket(`${this.serviceUrl.replace('http', 'ws')}/api/v1${this.path}${query}`, {
      headers: { authorization: `Bearer ${this.token}` },
    });
    this.socket = socket;
    let greeted = false;
    socket.on('message', (data: Buffer, binary) => {
      if (binary) {
        this.chunks.push(data);
        this.position += data.length;
        return;
      }
      const message = JSON.parse(data.toString());
      if (message.type === 'hello') {
        this.position = message.seq;
        greeted = true;
      }
      if (message.type === 'exit') this.exitCode = message.code;
    });
    socket.on('close', (code) => {
      this.closeCode = code;
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    await waitUntil('the terminal to say hello', 20_000, () => greeted);
  }

  /** The connection goes away as in a tunnel: at once and without goodbye. */
  drop(): void {
    this.socket?.terminate();
  }

  type(text: string): void {
    this.socket?.send(Buffer.from(text));
  }

  resize(cols: number, rows: number): void {
    this.socket?.send(JSON.stringify({ type: 'resize', cols, rows }));
  }

  /** Waits until the output has this text; fails with the end of what came instead. */
  async expectOutput(pattern: RegExp, timeoutMs = 30_000): Promise<void> {
    await waitUntil(`${pattern} in the terminal`, timeoutMs, () => pattern.test(this.text)).catch((error) => {
      throw new Error(`${error.message}; it ends with: ${JSON.stringify(this.text.slice(-600))}`);
    });
  }
}
