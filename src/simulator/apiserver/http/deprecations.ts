import type { ResourceName } from '../../object.js';
import type { ServedResource } from '../../schema/resources.js';

/** Built-in resources of 1.36 whose use is warned of; https://kubernetes.io/docs/reference/using-api/deprecation-guide/ */
const DEPRECATED: Record<ResourceName, string> = {
  componentstatuses: 'v1 ComponentStatus is deprecated in v1.19+',
  endpoints: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
};

/** What a client that uses this version is told, if anything. */
export function deprecationOf({ name, apiVersion, kind, definition }: ServedResource): string | undefined {
  if (!definition) return DEPRECATED[name];
  if (!definition.deprecated) return undefined;
  return definition.deprecationWarning ?? `${apiVersion} ${kind} is deprecated`;
}
