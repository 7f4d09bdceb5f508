/** Type of each parameter that API requests take; https://kubernetes.io/docs/reference/using-api/api-concepts/ */
const TYPES: Record<string, 'string' | 'integer' | 'boolean'> = {
  allowWatchBookmarks: 'boolean',
  continue: 'string',
  dryRun: 'string',
  fieldManager: 'string',
  fieldSelector: 'string',
  fieldValidation: 'string',
  force: 'boolean',
  gracePeriodSeconds: 'integer',
  labelSelector: 'string',
  limit: 'integer',
  orphanDependents: 'boolean',
  propagationPolicy: 'string',
  resourceVersion: 'string',
  resourceVersionMatch: 'string',
  sendInitialEvents: 'boolean',
  timeoutSeconds: 'integer',
  watch: 'boolean',
  pretty: 'string',
};

export interface Parameter {
  name: string;
  in: 'path' | 'query';
  required?: true;
  type: 'string' | 'integer' | 'boolean';
}

/** `name` and `namespace` stand in the path, all others in the query. */
export function parameter(name: string): Parameter {
  const type = TYPES[name];
  return type ? { name, in: 'query', type } : { name, in: 'path', required: true, type: 'string' };
}
