import type { TokenRequest } from '../../api/authentication-v1.generated.js';
import { ApiError, badRequest, invalid, notFound } from '../api-error.js';
import { readFieldValidation } from '../field-validation.js';
import { decodeBody } from '../http/decode-body.js';
import { targetOf } from '../http/object-io.js';
import { readBody } from '../http/read-body.js';
import type { ResourceRequest } from '../http/resource-request.js';
import { sendText } from '../http/respond.js';
import { formatTime } from '../object-meta.js';
import type { Registry, Target } from '../registry.js';
import { DEFAULT_ISSUER } from '../token-authority.js';

const TOKEN_REQUEST = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' };
const DEFAULT_SECONDS = 3600;
const SHORTEST_SECONDS = 600;
const LONGEST_SECONDS = 2 ** 32;
const BOUND_PLURALS: Record<string, string> = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' };

/** `POST serviceaccounts/NAME/token`; https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
export async function requestToken(request: ResourceRequest): Promise<void> {
  const { caller, info, registry } = request;
  const body = await readBody(request.request);
  const contentType = request.request.headers['content-type'];
  const asked = decodeBody(body, contentType, TOKEN_REQUEST, readFieldValidation(info.query), caller.warn);
  const issued = await issueToken(registry, targetOf(request), asked as unknown as TokenRequest);
  await sendText(request, 201, JSON.stringify(issued));
}

/** A token of a service account as it was asked for. Throws 404, 409 for a bound object that is another, 422. */
export async function issueToken(
  { core }: Registry,
  target: Target,
  asked: TokenRequest,
): Promise<TokenRequest> {
  const account = core.store.get('serviceaccounts', target.namespace, target.name);
  if (!account) throw notFound(target.resource, target.name);
  const { audiences = [], expirationSeconds = DEFAULT_SECONDS, boundObjectRef } = asked.spec ?? {};
  requireLifetime(expirationSeconds);
  const boundTo = boundObjectRef && boundObject(core, target.namespace, boundObjectRef);
  const meant = audiences.length > 0 ? audiences : [DEFAULT_ISSUER];
  const token = core.tokens.issue({
    namespace: target.namespace ?? '',
    serviceAccount: { name: account.metadata.name, uid: account.metadata.uid },
    audiences: meant,
    expiresInSeconds: expirationSeconds,
    ...(boundTo && { boundTo }),
  });
  const { name, namespace, uid } = account.metadata;
  return {
    ...TOKEN_REQUEST,
    metadata: {
      name,
      namespace,
      uid,
      creationTimestamp: formatTime(core.clock.now()),
    } as TokenRequest['metadata'],
    spec: { ...asked.spec, audiences: meant, expirationSeconds },
    status: { token, expirationTimestamp: formatTime(core.clock.now() + expirationSeconds * 1000) },
  };
}

function requireLifetime(seconds: number): void {
  const refuse = (why: string) =>
    invalid('TokenRequest', 'authentication.k8s.io', '', [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${seconds}: ${why}`,
        field: 'spec.expirationSeconds',
      },
    ]);
  if (seconds < SHORTEST_SECONDS) throw refuse('may not specify a duration less than 10 minutes');
  if (seconds > LONGEST_SECONDS) throw refuse('may not specify a duration larger than 2^32 seconds');
}

function boundObject(
  { store }: Registry['core'],
  namespace: string | undefined,
  reference: NonNullable<TokenRequest['spec']['boundObjectRef']>,
) {
  const { kind = '', name = '', uid } = reference;
  const plural = BOUND_PLURALS[kind];
  if (!plural) throw badRequest(`cannot bind token to object of type ${kind}`);
  const object = store.get(plural, plural === 'nodes' ? undefined : namespace, name);
  if (!object) throw notFound({ plural, group: '' }, name);
  if (uid && uid !== object.metadata.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw new ApiError(409, 'Conflict', `Operation cannot be fulfilled on ${plural} "${name}": ${why}`);
  }
  return { kind, name, uid: object.metadata.uid };
}
