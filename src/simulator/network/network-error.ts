const TEXTS = {
  ECONNREFUSED: 'Connection refused',
  EHOSTUNREACH: 'No route to host',
  ETIMEDOUT: 'Connection timed out',
  ENOTFOUND: 'Name or service not known',
  EADDRINUSE: 'Address already in use',
  ECONNRESET: 'Connection reset by peer',
};

/** A failure of the cluster network, by the code that the operating system would give and its text. */
export class NetworkError extends Error {
  constructor(readonly code: keyof typeof TEXTS) {
    super(TEXTS[code]);
    this.name = 'NetworkError';
  }
}
