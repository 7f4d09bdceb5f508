import type { ServedResource, Subresource } from '../../schema/resources.js';
import { DELETE_OPTIONS, typeNameOf } from '../../schema/types.js';
import { customTypeName } from './custom-schemas.js';

export type Action = 'list' | 'post' | 'deletecollection' | 'get' | 'put' | 'patch' | 'delete' | 'connect';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';

/** One thing that can be done at one path. Bodies and answers are full type names. */
export interface Operation {
  id: string;
  method: Method;
  action: Action;
  kind: { group: string; version: string; kind: string };
  parameters: readonly string[];
  consumes: readonly string[];
  body?: string | undefined;
  answer: string;
}

export interface PathOperations {
  path: string;
  parameters: readonly string[];
  operations: Operation[];
}

const STATUS = 'io.k8s.apimachinery.pkg.apis.meta.v1.Status';
const PATCH = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch';

const JSON_BODY = ['application/json', 'application/yaml'];
const PATCH_BODIES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
];
/** Custom resources have no Go type to read merge keys from. */
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';

const WRITING = ['dryRun', 'fieldManager', 'fieldValidation'];
const SELECTING = [
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
];
const LISTING = [...SELECTING, 'allowWatchBookmarks', 'sendInitialEvents', 'timeoutSeconds', 'watch'];
const DELETING = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy'];

type Doing = readonly [action: Action, method: Method, parameters: readonly string[]];

/** What a verb of discovery stands for at the two paths of a resource. */
const COLLECTION_VERBS: Record<string, Doing> = {
  list: ['list', 'get', LISTING],
  create: ['post', 'post', WRITING],
  deletecollection: ['deletecollection', 'delete', [...SELECTING, ...DELETING]],
};
const OBJECT_VERBS: Record<string, Doing> = {
  get: ['get', 'get', []],
  update: ['put', 'put', WRITING],
  patch: ['patch', 'patch', [...WRITING, 'force']],
  delete: ['delete', 'delete', DELETING],
  create: ['post', 'post', WRITING],
};

const ID_VERBS: Record<Action, string> = {
  list: 'list',
  post: 'create',
  deletecollection: 'deleteCollection',
  get: 'read',
  put: 'replace',
  patch: 'patch',
  delete: 'delete',
  connect: 'connect',
};

const capitalized = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
const groupPrefix = (group: string) =>
  capitalized((group || 'core').replace(/\.(k8s\.io|apiserver\.k8s\.io)$/, '').split('.')[0] ?? '');

/** Full name of the type of a kind, built in or custom. */
export function typeNameOfKind(resource: ServedResource, kind: string): string {
  if (resource.custom) return customTypeName(resource, kind);
  return typeNameOf(resource.apiVersion, kind) ?? STATUS;
}

/** What is the same for all operations of one path. */
interface Target {
  resource: ServedResource;
  /** Appended to operation ids: `Scale`, `ForAllNamespaces`. */
  suffix: string;
  kind: Operation['kind'];
  typeName: string;
}

function answerOf(action: Action, { resource, typeName }: Target): string {
  if (action === 'list') return typeNameOfKind(resource, resource.listKind);
  return action === 'delete' || action === 'deletecollection' ? STATUS : typeName;
}

function bodyOf(action: Action, typeName: string): string | undefined {
  if (action === 'post' || action === 'put') return typeName;
  if (action === 'patch') return PATCH;
  return action === 'delete' || action === 'deletecollection' ? DELETE_OPTIONS : undefined;
}

function operation(target: Target, [action, method, parameters]: Doing): Operation {
  const { resource, suffix, kind, typeName } = target;
  const scope = resource.namespaced && suffix !== 'ForAllNamespaces' ? 'Namespaced' : '';
  const api = `${groupPrefix(resource.group)}${capitalized(resource.version)}`;
  const patches = resource.custom ? PATCH_BODIES : [...PATCH_BODIES, STRATEGIC_PATCH];
  return {
    id: `${ID_VERBS[action]}${api}${scope}${resource.kind}${suffix}`,
    method,
    action,
    kind,
    parameters,
    consumes: action === 'patch' ? patches : JSON_BODY,
    body: bodyOf(action, typeName),
    answer: answerOf(action, target),
  };
}

function subresourceTarget(resource: ServedResource, name: string, subresource: Subresource): Target {
  const { group, version, kind } = subresource;
  const own = version === '';
  const gvk = { group: own ? resource.group : group, version: own ? resource.version : version, kind };
  const apiVersion = gvk.group === '' ? gvk.version : `${gvk.group}/${gvk.version}`;
  return {
    resource,
    suffix: capitalized(name),
    kind: gvk,
    typeName: (own ? typeNameOfKind(resource, kind) : typeNameOf(apiVersion, kind)) ?? STATUS,
  };
}

/** exec, attach, portforward and proxy take options in the query and upgrade or pass on the connection. */
const isConnection = ({ kind }: Subresource) => /^(Pod|Node|Service)\w+Options$/.test(kind);

function connection(target: Target, method: Method): Operation {
  const connect = operation(target, ['connect', method, []]);
  return { ...connect, id: connect.id.replace('connect', `connect${capitalized(method)}`), answer: STATUS };
}

function subresourcePath(
  base: string,
  resource: ServedResource,
  name: string,
  subresource: Subresource,
): PathOperations {
  const target = subresourceTarget(resource, name, subresource);
  const operations = subresource.verbs.flatMap((verb) => {
    const known = OBJECT_VERBS[verb];
    if (!known) return [];
    return [isConnection(subresource) ? connection(target, known[1]) : operation(target, known)];
  });
  return { path: `${base}/{name}/${name}`, parameters: pathParameters(resource, true), operations };
}

function pathParameters({ namespaced }: ServedResource, named: boolean): string[] {
  return [...(named ? ['name'] : []), ...(namespaced ? ['namespace'] : []), 'pretty'];
}

/** Every path of one resource and what can be done there. */
export function operationsOf(resource: ServedResource): PathOperations[] {
  const root = `${resource.group === '' ? '/api' : '/apis'}/${resource.apiVersion}`;
  const base = `${root}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.plural}`;
  const { group, version, kind } = resource;
  const target: Target = {
    resource,
    suffix: '',
    kind: { group, version, kind },
    typeName: typeNameOfKind(resource, kind),
  };
  const doable = (verbs: Record<string, Doing>, except: string[] = []) =>
    resource.verbs.flatMap((verb) => {
      const known = except.includes(verb) ? undefined : verbs[verb];
      return known ? [operation(target, known)] : [];
    });
  const paths: PathOperations[] = [
    { path: base, parameters: pathParameters(resource, false), operations: doable(COLLECTION_VERBS) },
    {
      path: `${base}/{name}`,
      parameters: pathParameters(resource, true),
      operations: doable(OBJECT_VERBS, ['create']),
    },
    ...Object.entries(resource.subresources).map(([name, each]) =>
      subresourcePath(base, resource, name, each),
    ),
  ];
  if (resource.namespaced && resource.verbs.includes('list'))
    paths.push({
      path: `${root}/${resource.plural}`,
      parameters: ['pretty'],
      operations: [operation({ ...target, suffix: 'ForAllNamespaces' }, ['list', 'get', LISTING])],
    });
  return paths.filter(({ operations }) => operations.length > 0);
}

/** Full names of the types that operations take and give. */
export function typesOfOperations(paths: readonly PathOperations[]): Set<string> {
  return new Set(
    paths.flatMap(({ operations }) =>
      operations.flatMap(({ body, answer }) => (body ? [body, answer] : [answer])),
    ),
  );
}
