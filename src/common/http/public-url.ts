import type { IncomingMessage } from 'node:http';

/** The address under which the caller reached us, without a slash at its end: the setting, else what the caller typed. */
export function publicUrlFor(request: IncomingMessage, setting: string | undefined): string {
  if (setting) return setting.replace(/\/+$/, '');
  return `http://${request.headers.host ?? 'localhost'}`;
}
