import { signal } from '@preact/signals';

export type Route =
  | { page: 'catalogue' }
  | { page: 'sign-in'; code: string | undefined }
  | { page: 'lab'; id: string };

function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [first, second] = path.split('/');
  if (first === 'sign-in')
    return { page: 'sign-in', code: new URLSearchParams(query).get('code') ?? undefined };
  if (first === 'labs' && second) return { page: 'lab', id: second };
  return { page: 'catalogue' };
}

/** Where the page is; the part of the address behind `#`, so that the service sees one page only. */
export const route = signal(parse(location.hash));

window.addEventListener('hashchange', () => {
  route.value = parse(location.hash);
});

export function goTo(hash: string): void {
  location.hash = hash;
}
