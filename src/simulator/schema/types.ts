import { readFileSync } from 'node:fs';

/** What a value is: a scalar, a reference to a named type, a list or a map. `{}` alone means anything. */
export interface ValueDefinition {
  type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  format?: 'int32' | 'int64' | 'double' | 'byte';
  /** Full name of another type. */
  ref?: string;
  /** Of an array. */
  items?: ValueDefinition;
  /** Of a map. */
  values?: ValueDefinition;
  enum?: string[];
}

/** One field as the API and its Go type declare it. */
export interface FieldDefinition extends ValueDefinition {
  default?: unknown;
  listType?: 'atomic' | 'set' | 'map';
  listMapKeys?: string[];
  mapType?: 'atomic' | 'granular';
  /** `merge`, `replace`, `retainKeys`, or `merge,retainKeys`. */
  patchStrategy?: string;
  patchMergeKey?: string;
  /** The Go field is a pointer, so that a zero value is kept and an absent one stays absent. */
  pointer?: boolean;
  /** The Go field has no `omitempty`, so that it is written even when it is zero. */
  always?: boolean;
  /** The Go field has `omitzero`: an empty struct is left out. */
  omitZero?: boolean;
  /** The Go list or map has no `omitempty`: an absent one is null rather than missing. */
  nullable?: boolean;
  /** Name of the Go type where it is a named scalar or map, as error messages show it: `v1.PullPolicy`. */
  goType?: string;
}

export interface TypeDefinition {
  type?: 'object' | 'string';
  format?: string;
  fields?: Record<string, FieldDefinition>;
  required?: string[];
  gvk?: { group: string; version: string; kind: string }[];
  oneOf?: string[];
  mapType?: 'atomic' | 'granular';
  /** False where the Go declaration is not known: then nothing is filled in and no zero value is dropped. */
  goKnown?: boolean;
}

type GoFacts = Pick<FieldDefinition, 'pointer' | 'always' | 'omitZero' | 'nullable' | 'goType'>;

const readData = <T>(file: string): T =>
  JSON.parse(readFileSync(new URL(`./data/${file}`, import.meta.url), 'utf8')) as T;

/** The Go packages that `go-fields.json` was read off; https://pkg.go.dev/k8s.io/api */
const GO_KNOWN = /^io\.k8s\.(api\.|apimachinery\.pkg\.apis\.meta\.v1\.)/;

const types = new Map(Object.entries(readData<Record<string, TypeDefinition>>('types.json')));
addGoFacts(readData<Record<string, Record<string, GoFacts>>>('go-fields.json'));
const typeNames = indexByKind();

function addGoFacts(facts: Record<string, Record<string, GoFacts>>): void {
  for (const [typeName, definition] of types) {
    definition.goKnown = GO_KNOWN.test(typeName);
    for (const [field, fact] of Object.entries(facts[typeName] ?? {}))
      Object.assign(definition.fields?.[field] ?? {}, fact);
  }
}

function indexByKind(): Map<string, string> {
  const names = new Map<string, string>();
  for (const [typeName, definition] of types)
    for (const { group, version, kind } of definition.gvk ?? [])
      names.set(`${group === '' ? version : `${group}/${version}`}/${kind}`, typeName);
  return names;
}

export const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
export const DELETE_OPTIONS = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions';

/**
 * Full name of the built-in type that this kind is, e.g. `io.k8s.api.apps.v1.Deployment` for `apps/v1` and `Deployment`;
 * undefined for custom resources. DeleteOptions is a member of every group and version.
 */
export function typeNameOf(apiVersion: string, kind: string): string | undefined {
  return typeNames.get(`${apiVersion}/${kind}`) ?? (kind === 'DeleteOptions' ? DELETE_OPTIONS : undefined);
}

/** The type of this full name; undefined when there is none. */
export function typeDefinition(typeName: string): TypeDefinition | undefined {
  return types.get(typeName);
}

/** The type as Go prints it in messages: `io.k8s.api.core.v1.Container` is `v1.Container`. */
export function goTypeName(typeName: string): string {
  return typeName.split('.').slice(-2).join('.');
}
