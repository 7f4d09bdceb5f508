import type { ServedResource } from '../../schema/resources.js';
import type { Caller } from '../caller.js';
import type { Core } from '../core.js';
import type { Working } from '../strategies/strategy.js';

/** One write as admission sees it; https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/ */
export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE';
  resource: ServedResource;
  /** `status`, `eviction`, …; undefined for the object itself. */
  subresource: string | undefined;
  namespace: string | undefined;
  name: string;
  /** The new state, which `mutate` may change in place; for DELETE the state that goes. */
  object: Working;
  previous: Working | undefined;
  caller: Caller;
  core: Core;
}

/** Refuses a request by throwing `ApiError`. `mutate` of all plugins runs before `validate` of any. */
export interface AdmissionPlugin {
  name: string;
  mutate?(request: AdmissionRequest): void | Promise<void>;
  validate?(request: AdmissionRequest): void | Promise<void>;
}

/** Runs one stage of all plugins in order. Returns a promise only when a plugin did, so that most writes never wait. */
export function runAdmission(
  plugins: readonly AdmissionPlugin[],
  stage: 'mutate' | 'validate',
  request: AdmissionRequest,
): void | Promise<void> {
  for (let index = 0; index < plugins.length; index++) {
    const pending = plugins[index]?.[stage]?.(request);
    if (pending) return pending.then(() => runAdmission(plugins.slice(index + 1), stage, request));
  }
}
