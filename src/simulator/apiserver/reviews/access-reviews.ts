import type {
  LocalSubjectAccessReview,
  NonResourceAttributes,
  NonResourceRule,
  ResourceAttributes,
  ResourceRule,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewStatus,
  SubjectRulesReviewStatus,
} from '../../api/authorization-v1.generated.js';
import { ApiError, badRequest } from '../api-error.js';
import type { Attributes, Authorizer } from '../authorization.js';
import type { UserInfo } from '../caller.js';
import type { ResourceRequest } from '../http/resource-request.js';
import type { Working } from '../strategies/strategy.js';

interface Asked {
  resourceAttributes?: ResourceAttributes | undefined;
  nonResourceAttributes?: NonResourceAttributes | undefined;
}

/** `kubectl auth can-i`; https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access */
export function reviewOwnAccess(
  object: Working,
  { authorizer, caller }: ResourceRequest,
): SubjectAccessReviewStatus {
  const { spec } = object as unknown as SelfSubjectAccessReview;
  return decide(authorizer, caller.user, spec ?? {}, 'SelfSubjectAccessReview');
}

export function reviewAccess(object: Working, { authorizer }: ResourceRequest): SubjectAccessReviewStatus {
  const { spec } = object as unknown as SubjectAccessReview;
  return decide(authorizer, subjectOf(spec ?? {}), spec ?? {}, 'SubjectAccessReview');
}

export function reviewLocalAccess(
  object: Working,
  { authorizer, path }: ResourceRequest,
): SubjectAccessReviewStatus {
  const { spec } = object as unknown as LocalSubjectAccessReview;
  const asked = spec?.resourceAttributes?.namespace ?? '';
  if (asked !== path.namespace) {
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${path.namespace}`);
  }
  return decide(authorizer, subjectOf(spec ?? {}), spec ?? {}, 'LocalSubjectAccessReview');
}

/** `kubectl auth can-i --list` */
export function reviewOwnRules(
  object: Working,
  { authorizer, caller }: ResourceRequest,
): SubjectRulesReviewStatus {
  const { spec } = object as unknown as SelfSubjectRulesReview;
  const namespace = spec?.namespace ?? '';
  if (namespace === '') throw badRequest('no namespace on request');
  const rules = authorizer.rulesOf(caller.user, namespace);
  const resourceRules: ResourceRule[] = rules
    .filter(({ resources }) => (resources ?? []).length > 0)
    .map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs,
      apiGroups,
      resources,
      ...(resourceNames?.length && { resourceNames }),
    }));
  const nonResourceRules: NonResourceRule[] = rules
    .filter(({ nonResourceURLs }) => (nonResourceURLs ?? []).length > 0)
    .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs }));
  return { resourceRules, nonResourceRules, incomplete: false };
}

function decide(
  authorizer: Authorizer,
  user: UserInfo,
  asked: Asked,
  kind: string,
): SubjectAccessReviewStatus {
  const { resourceAttributes, nonResourceAttributes } = asked;
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined)) {
    throw new ApiError(
      422,
      'Invalid',
      `${kind}.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified`,
      { group: 'authorization.k8s.io', kind },
    );
  }
  const allowed = authorizer.allows(user, attributesOf(resourceAttributes, nonResourceAttributes));
  return { allowed };
}

function attributesOf(
  resource: ResourceAttributes | undefined,
  other: NonResourceAttributes | undefined,
): Attributes {
  if (!resource) return { verb: other?.verb ?? '', group: '', resource: '', path: other?.path ?? '' };
  const { verb = '', group = '', resource: plural = '', subresource, namespace, name } = resource;
  return {
    verb,
    group,
    resource: subresource ? `${plural}/${subresource}` : plural,
    namespace: namespace || undefined,
    name: name || undefined,
  };
}

function subjectOf({ user, groups }: { user?: string | undefined; groups?: string[] | undefined }): UserInfo {
  return { name: user ?? '', groups: groups ?? [] };
}
