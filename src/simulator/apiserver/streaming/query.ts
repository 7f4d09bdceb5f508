/** A boolean query parameter as Kubernetes reads it: present without a value counts, `false` and `0` do not. */
export function isSet(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== 'false' && value !== '0';
}
