/** What a terminal view needs of a connection. */
export interface TerminalHandlers {
  onOutput(bytes: Uint8Array): void;
  onExit(code: number): void;
  /** `false` while the connection is away; it comes back by itself. */
  onConnected(connected: boolean): void;
  /** The service will not have us (ended lab, revoked sign-in). */
  onClosed(reason: string): void;
}

export interface TerminalConnection {
  send(data: string): void;
  resize(columns: number, rows: number): void;
  close(): void;
}

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 3000;
const POLICY_CLOSED = [1008, 4001, 4003, 4004];

/**
 * Terminal `number` of a lab, over as many websockets as it takes: after each interruption it asks for the bytes after
 * those it has, so that nothing is missed and nothing shown twice.
 */
export function connectTerminal(
  labId: string,
  number: number,
  handlers: TerminalHandlers,
): TerminalConnection {
  const encoder = new TextEncoder();
  let socket: WebSocket | undefined;
  let position: number | undefined;
  let size: { cols: number; rows: number } | undefined;
  let retryMs = FIRST_RETRY_MS;
  let retryTimer: number | undefined;
  let over = false;

  const open = () => {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const after = position === undefined ? '' : `?after=${position}`;
    const current = new WebSocket(
      `${scheme}://${location.host}/api/v1/labs/${labId}/terminals/${number}${after}`,
    );
    socket = current;
    current.binaryType = 'arraybuffer';
    current.onmessage = ({ data }) => {
      if (typeof data === 'string') return receiveControl(JSON.parse(data));
      const bytes = new Uint8Array(data as ArrayBuffer);
      position = (position ?? 0) + bytes.length;
      handlers.onOutput(bytes);
    };
    current.onclose = ({ code, reason }) => {
      if (over || socket !== current) return;
      handlers.onConnected(false);
      if (POLICY_CLOSED.includes(code)) {
        over = true;
        return handlers.onClosed(reason);
      }
      retryTimer = window.setTimeout(open, retryMs);
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
    };
  };

  const receiveControl = (message: { type: string; seq?: number; code?: number }) => {
    if (message.type === 'hello' && message.seq !== undefined) {
      position = message.seq;
      retryMs = FIRST_RETRY_MS;
      if (size) socket?.send(JSON.stringify({ type: 'resize', ...size }));
      handlers.onConnected(true);
    } else if (message.type === 'exit') {
      over = true;
      handlers.onExit(message.code ?? 0);
      socket?.close();
    }
  };

  open();
  return {
    send(data) {
      if (socket?.readyState === WebSocket.OPEN) socket.send(encoder.encode(data));
    },
    resize(cols, rows) {
      size = { cols, rows };
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'resize', cols, rows }));
    },
    close() {
      over = true;
      window.clearTimeout(retryTimer);
      socket?.close();
    },
  };
}
