import type { Duplex } from 'node:stream';
import { secureConnection } from '../../network/secure-connection.js';
import type { Process } from '../process.js';

/** What a URL asks a program to connect to. */
export interface Target {
  host: string;
  port: number;
  path: string;
  secure: boolean;
}

interface Trust {
  /** Trusts any certificate. */
  insecure: boolean;
  /** PEM; the images' own lists of authorities know nothing of a cluster's. */
  authorities?: string | undefined;
}

/** TLS could not be agreed on; exit code and message are curl's. */
export class TlsError extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
    this.name = 'TlsError';
  }
}

const MORE_DETAILS = `
More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the webpage mentioned above.`;

/** Connects, with TLS where the URL asks for it. Rejects with NetworkError or TlsError. */
export async function openConnection(process: Process, target: Target, trust: Trust): Promise<Duplex> {
  const raw = await process.world.network.dial(target.host, target.port);
  if (!target.secure) return raw;
  const { connection, mistrust } = await secureConnection(raw, target.host, trust.authorities).catch(() => {
    throw new TlsError(35, 'TLS connect error: error:0A00010B:SSL routines::wrong version number');
  });
  if (mistrust === undefined || trust.insecure) return connection;
  connection.destroy();
  const why =
    mistrust === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? `SSL: no alternative certificate subject name matches target host name '${target.host}'`
      : 'SSL certificate problem: unable to get local issuer certificate';
  throw new TlsError(60, why + MORE_DETAILS);
}
