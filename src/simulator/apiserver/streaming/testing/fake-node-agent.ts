import { createConnection, createServer } from 'node:net';
import { Duplex, PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ExecRequest, ExecResult, LogOptions, NodeAgent } from '../../../kubelet/node-agent.js';
import { ApiError } from '../../api-error.js';

/**
 * A kubelet for tests of the streams. Commands: `cat` echoes its input, `exit N` says so on both outputs and ends with N,
 * `size` prints the first terminal size, `flood N` writes N bytes, `hang` waits until it is aborted. Port 80 echoes.
 */
export class FakeNodeAgent implements NodeAgent {
  readonly aborted: string[] = [];
  /** Bytes that `flood` has got rid of. */
  flooded = 0;

  async logs(_podUid: string, options: LogOptions, signal: AbortSignal): Promise<Readable> {
    if (options.previous) throw new ApiError(400, 'BadRequest', 'previous terminated container not found');
    if (!options.follow) return Readable.from(['one\n', 'two\n']);
    const lines = new PassThrough();
    lines.write('following\n');
    signal.addEventListener('abort', () => {
      this.aborted.push('logs');
      lines.destroy();
    });
    return lines;
  }

  async exec(_podUid: string, { command, streams, signal }: ExecRequest): Promise<ExecResult> {
    const [program, argument] = command;
    switch (program) {
      case 'cat':
        streams.stdout.write(await text(streams.stdin ?? Readable.from([])));
        return { exitCode: 0 };
      case 'exit':
        streams.stdout.write('out\n');
        streams.stderr.write('err\n');
        return { exitCode: Number(argument) };
      case 'size':
        return new Promise((resolve) => {
          streams.onResize?.(({ columns, rows }) => {
            streams.stdout.write(`${columns}x${rows}\n`);
            resolve({ exitCode: 0 });
          });
        });
      case 'flood':
        return this.flood(Number(argument), streams);
      case 'hang':
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            this.aborted.push('hang');
            resolve({ exitCode: 137 });
          });
        });
      default:
        return { exitCode: 126, message: `exec: "${program}": executable file not found in $PATH` };
    }
  }

  async attach(podUid: string, request: ExecRequest): Promise<ExecResult> {
    return this.exec(podUid, { ...request, command: ['cat'] });
  }

  private async flood(bytes: number, { stdout }: ExecRequest['streams']): Promise<ExecResult> {
    const chunk = Buffer.alloc(32 * 1024, 'x');
    while (this.flooded < bytes) {
      this.flooded += chunk.length;
      if (!stdout.write(chunk)) await new Promise((resolve) => stdout.once('drain', resolve));
    }
    return { exitCode: 0 };
  }

  async dial(_podUid: string, port: number): Promise<Duplex> {
    if (port !== 80) throw new Error('connect: connection refused');
    return echo();
  }
}

/** A real connection that answers with what it is sent, and ends when the other side does. */
function echo(): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      server.close();
      socket.pipe(socket);
    }).listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true }, () =>
        resolve(socket),
      );
      socket.once('error', reject);
    });
  });
}
