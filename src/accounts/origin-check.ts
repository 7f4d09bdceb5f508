import type { IncomingMessage } from 'node:http';

/**
 * Whether a request that a browser sends with our cookie comes from our own page. Browsers name the page's origin in
 * `Origin` (with every POST and websocket) or say `Sec-Fetch-Site`; what sends neither is not a browser, and so not
 * tricked into sending someone's cookie. See OWASP's Cross-Site Request Forgery Prevention Cheat Sheet.
 */
export function comesFromOwnPage(request: IncomingMessage, publicUrl: string | undefined): boolean {
  const origin = request.headers.origin;
  if (origin !== undefined) {
    if (publicUrl && origin === new URL(publicUrl).origin) return true;
    return URL.canParse(origin) && new URL(origin).host === request.headers.host;
  }
  const site = request.headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}

/** Methods that change nothing. */
export function isReading(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}
