import { readObject } from '../http/object-io.js';
import type { ResourceRequest } from '../http/resource-request.js';
import { sendText } from '../http/respond.js';
import type { Working } from '../strategies/strategy.js';
import { reviewAccess, reviewLocalAccess, reviewOwnAccess, reviewOwnRules } from './access-reviews.js';
import { reviewSelf, reviewToken } from './authentication-reviews.js';

type Review = (object: Working, request: ResourceRequest) => unknown;

/** Resources that are questions: a POST is answered and nothing is stored. */
const REVIEWS: Record<string, Review> = {
  'selfsubjectaccessreviews.authorization.k8s.io': reviewOwnAccess,
  'subjectaccessreviews.authorization.k8s.io': reviewAccess,
  'localsubjectaccessreviews.authorization.k8s.io': reviewLocalAccess,
  'selfsubjectrulesreviews.authorization.k8s.io': reviewOwnRules,
  'selfsubjectreviews.authentication.k8s.io': reviewSelf,
  'tokenreviews.authentication.k8s.io': reviewToken,
};

/** Answers a review; false when the resource is none. */
export async function serveReview(request: ResourceRequest): Promise<boolean> {
  const review = REVIEWS[request.resource.name];
  if (!review) return false;
  const object = await readObject(request);
  const status = await review(object, request);
  const answer = { ...object, metadata: { ...object.metadata, creationTimestamp: null }, status };
  await sendText(request, 201, JSON.stringify(answer));
  return true;
}
