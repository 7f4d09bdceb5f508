/** The address that opens the page and signs in with a one-time code. The code is in the fragment, which no server logs. */
export function signInLink(publicUrl: string, code: string): string {
  return `${publicUrl}/#/sign-in?code=${encodeURIComponent(code)}`;
}
