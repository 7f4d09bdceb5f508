import type { IncomingHttpHeaders } from 'node:http';
import { badRequest } from './api-error.js';
import type { Authorizer } from './authorization.js';
import { forbiddenFor } from './authorization.js';
import type { UserInfo } from './caller.js';

const EXTRA = 'impersonate-extra-';
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/**
 * The user that a request acts as; the sender when it names none. Throws 403 when the sender may not.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
export function impersonate(user: UserInfo, headers: IncomingHttpHeaders, authorizer: Authorizer): UserInfo {
  const name = one(headers['impersonate-user']);
  const uid = one(headers['impersonate-uid']);
  const groups = many(headers['impersonate-group']);
  const extra = readExtra(headers);
  if (name === undefined) {
    if (groups.length === 0 && uid === undefined && Object.keys(extra).length === 0) return user;
    throw badRequest('requested impersonation without impersonating a user');
  }
  const account = SERVICE_ACCOUNT.exec(name);
  const demand = (resource: string, requested: string, group = '', namespace?: string) => {
    const attributes = { verb: 'impersonate', group, version: 'v1', resource, name: requested, namespace };
    if (!authorizer.allows(user, attributes)) throw forbiddenFor(user, attributes);
  };
  if (account) demand('serviceaccounts', account[2] ?? '', '', account[1]);
  else demand('users', name);
  for (const group of groups) demand('groups', group);
  if (uid !== undefined) demand('uids', uid, 'authentication.k8s.io');
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values) demand(`userextras/${key}`, value, 'authentication.k8s.io');
  }
  return {
    name,
    groups: groupsOf(name, groups, account?.[1]),
    ...(uid !== undefined && { uid }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

function groupsOf(name: string, asked: string[], namespace: string | undefined): string[] {
  const own = namespace ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] : [];
  const groups = asked.length > 0 ? asked : own;
  if (name === 'system:anonymous') return [...new Set([...groups, 'system:unauthenticated'])];
  return [...new Set([...groups, 'system:authenticated'])];
}

function readExtra(headers: IncomingHttpHeaders): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(EXTRA)) continue;
    extra[decode(header.slice(EXTRA.length))] = many(value);
  }
  return extra;
}

function decode(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

const one = (value: string | string[] | undefined): string | undefined => [value ?? []].flat()[0];

/** Node joins repeated headers of one name with a comma and a space. */
const many = (value: string | string[] | undefined): string[] =>
  [value ?? []]
    .flat()
    .flatMap((text) => text.split(', '))
    .filter((text) => text !== '');
