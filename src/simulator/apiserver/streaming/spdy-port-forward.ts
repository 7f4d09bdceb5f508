import type { Duplex } from 'node:stream';
import type { NodeAgent } from '../../kubelet/node-agent.js';
import { forwardConnection, parsePort } from './port-forward.js';
import { SpdySession, type SpdyStream } from './spdy/session.js';

/** The two streams of one forwarded connection, which the client opens one after the other. */
interface Pair {
  data?: SpdyStream;
  error?: SpdyStream;
}

/**
 * Forwards connections over SPDY: for each the client opens a stream for errors and one for data, with the same
 * `requestid` and the `port`. Resolves when the client is gone.
 */
export async function servePortForward(transport: Duplex, agent: NodeAgent, podUid: string): Promise<void> {
  const pairs = new Map<string, Pair>();
  const session = new SpdySession(transport, (stream) => {
    const { streamtype, requestid = '' } = stream.headers;
    if (streamtype !== 'data' && streamtype !== 'error') return void stream.destroy();
    const pair: Pair = pairs.get(requestid) ?? {};
    pair[streamtype] = stream;
    pairs.set(requestid, pair);
    const { data, error } = pair;
    if (!data || !error) return;
    pairs.delete(requestid);
    const port = parsePort(stream.headers['port']);
    if (port !== undefined) void forwardConnection(agent, podUid, port, data, error);
    else error.end(`"${stream.headers['port']}" is not a port`, () => data.destroy());
  });
  await session.run();
}
