import type {
  UserInfo as ReviewedUser,
  TokenReview,
  TokenReviewStatus,
} from '../../api/authentication-v1.generated.js';
import type { UserInfo } from '../caller.js';
import type { ResourceRequest } from '../http/resource-request.js';
import type { Working } from '../strategies/strategy.js';

/** `kubectl auth whoami` */
export function reviewSelf(_: Working, { caller }: ResourceRequest): { userInfo: ReviewedUser } {
  return { userInfo: describe(caller.user) };
}

export async function reviewToken(
  object: Working,
  { registry }: ResourceRequest,
): Promise<TokenReviewStatus> {
  const { token, audiences } = (object as unknown as TokenReview).spec ?? {};
  const wanted = audiences?.length ? audiences : undefined;
  const user = await registry.core.tokens.authenticate(token ?? '', wanted);
  if (!user) return { authenticated: false, error: 'invalid bearer token' };
  return { authenticated: true, user: describe(user), ...(wanted && { audiences: wanted }) };
}

function describe({ name, groups, uid, extra }: UserInfo): ReviewedUser {
  return { username: name, groups: [...groups], ...(uid !== undefined && { uid }), ...(extra && { extra }) };
}
