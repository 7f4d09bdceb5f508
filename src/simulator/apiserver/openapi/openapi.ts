import type { ResourceCatalogue, ServedResource } from '../../schema/resources.js';
import { DerivedCache } from '../discovery/derived-cache.js';
import { servedGroups } from '../discovery/served-groups.js';
import { KUBERNETES_VERSION } from '../kubernetes-version.js';
import { documentV2 } from './document-v2.js';
import { documentV3 } from './document-v3.js';
import { readFieldTexts } from './field-texts.js';
import { encodeDocument } from './gnostic.js';
import { OpenApiDocument } from './openapi-document.js';

const JSON_TYPE = 'application/json';
/** What kubectl and client-go ask `/openapi/v2` for first; https://github.com/google/gnostic-models */
const PROTOBUF_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

export interface OpenApiResponse {
  contentType: string;
  readonly body: Buffer;
  /** The body compressed, for clients that accept `gzip`. */
  gzip: Buffer;
  /** Quoted, as the `ETag` header wants it. */
  etag: string;
  /** Set when the query's `hash` names this very document: it never changes then. */
  cacheControl?: string;
}

/** Of built-in API versions, by `apps/v1`: the same in every cluster of the process. */
const builtIn = new Map<string, OpenApiDocument>();
const derived = new DerivedCache<OpenApiDocument>();

const pathOf = (apiVersion: string) =>
  apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;

/** Every served API version's document, by its path below `/openapi/v3`; what is not known yet is made. */
function documentsV3(catalogue: ResourceCatalogue): Map<string, OpenApiDocument> {
  const texts = once(readFieldTexts);
  const make = (resources: readonly ServedResource[]) =>
    new OpenApiDocument(JSON_TYPE, JSON.stringify(documentV3(resources, KUBERNETES_VERSION, texts())));
  const documents = new Map<string, OpenApiDocument>();
  for (const { apiVersion, resources } of servedGroups(catalogue).flatMap(({ versions }) => versions)) {
    const custom = resources.some((resource) => resource.custom);
    const known = custom
      ? derived.get(catalogue, apiVersion, () => make(resources))
      : builtIn.get(apiVersion);
    const document = known ?? make(resources);
    if (!custom) builtIn.set(apiVersion, document);
    documents.set(pathOf(apiVersion), document);
  }
  return documents;
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function index(catalogue: ResourceCatalogue): OpenApiDocument {
  return derived.get(catalogue, 'index', () => {
    const paths = [...documentsV3(catalogue)].map(([path, { hash }]) => [
      path,
      { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` },
    ]);
    return new OpenApiDocument(JSON_TYPE, JSON.stringify({ paths: Object.fromEntries(paths) }));
  });
}

const wantsProtobuf = (accept: string) =>
  /^application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/.test(accept.trim());

function swagger(accept: string, catalogue: ResourceCatalogue): OpenApiDocument {
  const protobuf = wantsProtobuf(accept);
  return derived.get(catalogue, protobuf ? 'v2 protobuf' : 'v2 json', () => {
    const document = documentV2(catalogue.all(), KUBERNETES_VERSION, readFieldTexts());
    return protobuf
      ? new OpenApiDocument(PROTOBUF_TYPE, encodeDocument(document))
      : new OpenApiDocument(JSON_TYPE, JSON.stringify(document));
  });
}

/**
 * Answers GET of `/openapi/v2`, `/openapi/v3` and `/openapi/v3/apis/GROUP/VERSION`; undefined (404) for any other path
 * (given without its query). `accept` is the request's header, `''` when absent. Documents are made when first asked
 * for, which takes some 100 ms once in a process, and weigh under 1 MiB.
 */
export function openApiResponse(
  path: string,
  query: URLSearchParams,
  accept: string,
  catalogue: ResourceCatalogue,
): OpenApiResponse | undefined {
  const document = find(path.replace(/\/$/, ''), accept, catalogue);
  if (!document) return undefined;
  const { contentType, gzip, etag, hash } = document;
  return {
    contentType,
    gzip,
    etag,
    ...(query.get('hash') === hash && { cacheControl: 'public, immutable' }),
    get body() {
      return document.body;
    },
  };
}

function find(path: string, accept: string, catalogue: ResourceCatalogue): OpenApiDocument | undefined {
  if (path === '/openapi/v2') return swagger(accept, catalogue);
  if (path === '/openapi/v3') return index(catalogue);
  if (!path.startsWith('/openapi/v3/')) return undefined;
  return documentsV3(catalogue).get(path.slice('/openapi/v3/'.length));
}
