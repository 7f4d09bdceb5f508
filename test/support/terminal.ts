import { randomBytes } from 'node:crypto';
import WebSocket from 'ws';
import { adminToken } from './run-service.js';
import { waitUntil } from './wait-until.js';

/** A terminal as a client of the API sees it: all bytes in order, and the position after the last of them. */
export class TestTerminal {
  private readonly chunks: Buffer[] = [];
  private socket: WebSocket | undefined;
  position = 0;
  /** Where the last connection began. */
  firstPosition: number | undefined;
  exitCode: number | undefined;
  closeCode: number | undefined;

  constructor(
    private readonly serviceUrl: string,
    private readonly path: string,
    private readonly token: string = adminToken,
  ) {}

  /** All output of all connections. */
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  async connect(after?: number): Promise<void> {
    const query = after === undefined ? '' : `?after=${after}`;
    const socket = new WebSocket(`${this.serviceUrl.replace('http', 'ws')}/api/v1${this.path}${query}`, {
      headers: { authorization: `Bearer ${this.token}` },
    });
    this.socket = socket;
    this.exitCode = undefined;
    this.closeCode = undefined;
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
        this.firstPosition = message.seq;
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

  /**
   * Types a command line for a bash that waits for one; resolves with what was printed until it had ended. The echo of the
   * line is part of it.
   */
  async run(command: string, timeoutMs = 30_000): Promise<string> {
    const before = this.text.length;
    const mark = `end-${randomBytes(6).toString('hex')}`;
    this.type(`${command}\necho ${mark.slice(0, 5)}""${mark.slice(5)}\n`);
    await waitUntil(`the end of: ${command}`, timeoutMs, () => this.text.includes(mark)).catch((error) => {
      throw new Error(`${error.message}; it ends with: ${JSON.stringify(this.text.slice(-600))}`);
    });
    return this.text.slice(before, this.text.indexOf(mark, before));
  }

  /** Stops reading from the connection, as a browser tab that hangs; `resume` goes on. */
  pause(): void {
    this.socket?.pause();
  }

  resume(): void {
    this.socket?.resume();
  }

  /** Waits until the output has this text; fails with the end of what came instead. */
  async expectOutput(pattern: RegExp, timeoutMs = 30_000): Promise<void> {
    await waitUntil(`${pattern} in the terminal`, timeoutMs, () => pattern.test(this.text)).catch((error) => {
      throw new Error(`${error.message}; it ends with: ${JSON.stringify(this.text.slice(-600))}`);
    });
  }
}
