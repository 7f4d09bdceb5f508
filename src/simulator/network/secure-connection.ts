import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';

export interface SecureConnection {
  connection: Duplex;
  /** Why the server's certificate is not trusted, as Node's code for it; undefined when it is. */
  mistrust: string | undefined;
}

/**
 * Speaks TLS on a connection of the cluster network. `authorities` are PEM texts; nothing else is trusted. Rejects when
 * the peer speaks no TLS.
 */
export function secureConnection(
  raw: Duplex,
  host: string,
  authorities: string | undefined,
): Promise<SecureConnection> {
  return new Promise((resolve, reject) => {
    const connection = connect({
      socket: raw,
      host,
      ...(!/^[\d.:]+$/.test(host) && { servername: host }),
      ca: authorities ?? [],
      rejectUnauthorized: false,
    });
    connection.once('error', reject);
    connection.once('secureConnect', () => {
      connection.off('error', reject);
      connection.on('error', () => undefined);
      const error: unknown = connection.authorizationError;
      resolve({ connection, mistrust: connection.authorized ? undefined : String(error ?? 'unknown') });
    });
  });
}
