/** A body that is no object of its type; the message is the one of the API server's decoder. */
export class DecodeError extends Error {
  override name = 'DecodeError';
}
