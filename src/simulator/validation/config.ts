import type {
  ConfigMap,
  LimitRange,
  Namespace,
  Node,
  ResourceQuota,
  Secret,
} from '../api/core-v1.generated.js';
import { equalJson } from '../machinery/json.js';
import {
  configKeyProblems,
  dns1123LabelProblems,
  labelValueProblems,
  qualifiedNameProblems,
} from '../machinery/names.js';
import { compareQuantities, parseQuantity } from '../machinery/quantity.js';
import { duplicate, forbidden, invalid, type Problems, required, tooLong } from './problems.js';
import { validateResourceQuantity } from './resources.js';
import { checked, immutable, type Loose, requiredOneOf, rulesFor } from './rules.js';

/** All values of a ConfigMap or Secret together; https://kubernetes.io/docs/concepts/configuration/configmap/ */
const MAX_DATA_BYTES = 1024 * 1024;
const SEALED = 'field is immutable when `immutable` is set';

/** https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/ and …/cluster-resources/ */
export const CONFIG_RULES = {
  configmaps: rulesFor<ConfigMap>({
    validate: validateConfigMap,
    *validateUpdate(after, before) {
      yield* validateSealed(after, before, ['data', 'binaryData']);
      yield* validateConfigMap(after);
    },
  }),
  secrets: rulesFor<Secret>({
    validate: validateSecret,
    *validateUpdate(after, before) {
      yield* immutable('type', after.type, before.type);
      yield* validateSealed(after, before, ['data']);
      yield* validateSecret(after);
    },
  }),
  namespaces: rulesFor<Namespace>({ nameProblems: dns1123LabelProblems }),
  nodes: rulesFor<Node>({ validate: validateNode }),
  resourcequotas: rulesFor<ResourceQuota>({
    *validate({ spec }) {
      for (const [name, text = '0'] of Object.entries(spec?.hard ?? {})) {
        yield* checked(`spec.hard[${name}]`, name, qualifiedNameProblems);
        yield* validateResourceQuantity(`spec.hard[${name}]`, name, text);
      }
    },
    *validateUpdate({ spec }, before) {
      yield* immutable('spec.scopes', spec?.scopes, before.spec?.scopes);
    },
  }),
  limitranges: rulesFor<LimitRange>({ validate: validateLimitRange }),
};

function* validateKeys(field: string, data: Record<string, string | undefined> | undefined): Problems {
  for (const key of Object.keys(data ?? {})) yield* checked(`${field}[${key}]`, key, configKeyProblems);
}

const textBytes = (data: Record<string, string | undefined> = {}) =>
  Object.values(data).reduce((total, value = '') => total + Buffer.byteLength(value), 0);

const base64Bytes = (data: Record<string, string | undefined> = {}) =>
  Object.values(data).reduce((total, value = '') => total + Buffer.byteLength(value, 'base64'), 0);

function* validateConfigMap({ data, binaryData }: Loose<ConfigMap>): Problems {
  for (const key of Object.keys(data ?? {})) {
    yield* checked(`data[${key}]`, key, configKeyProblems);
    if (binaryData && Object.hasOwn(binaryData, key))
      yield invalid(`data[${key}]`, key, 'duplicate of key present in binaryData');
  }
  yield* validateKeys('binaryData', binaryData);
  if (textBytes(data) + base64Bytes(binaryData) > MAX_DATA_BYTES) yield tooLong('', MAX_DATA_BYTES);
}

/** Keys that a Secret of this type must have. */
const SECRET_KEYS: Record<string, string[]> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};
const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name';

function* validateSecret({ metadata, type = '', data }: Loose<Secret>): Problems {
  yield* validateKeys('data', data);
  if (base64Bytes(data) > MAX_DATA_BYTES) yield tooLong('data', MAX_DATA_BYTES);
  for (const key of SECRET_KEYS[type] ?? []) if (data?.[key] === undefined) yield required(`data[${key}]`);
  if (
    type === 'kubernetes.io/basic-auth' &&
    data?.['username'] === undefined &&
    data?.['password'] === undefined
  ) {
    yield required('data[username]');
    yield required('data[password]');
  }
  if (type === 'kubernetes.io/service-account-token' && !metadata?.annotations?.[SERVICE_ACCOUNT_NAME])
    yield required(`metadata.annotations[${SERVICE_ACCOUNT_NAME}]`);
}

/** An object with `immutable: true` keeps its data, and stays so. */
function* validateSealed<T extends { immutable?: boolean | undefined }>(
  after: T,
  before: T,
  members: (keyof T & string)[],
): Problems {
  if (!before.immutable) return;
  if (!after.immutable) yield forbidden('immutable', SEALED);
  for (const member of members)
    if (!equalJson(after[member], before[member])) yield forbidden(member, SEALED);
}

function* validateNode({ spec }: Loose<Node>): Problems {
  const seen = new Set<string>();
  for (const [index, taint] of (spec?.taints ?? []).entries()) {
    const path = `metadata.taints[${index}]`;
    yield* checked(`${path}.key`, taint.key ?? '', qualifiedNameProblems);
    const problems = labelValueProblems(taint.value ?? '');
    if (problems.length > 0) yield invalid(`${path}.value`, taint.value, problems.join(';'));
    yield* requiredOneOf(`${path}.effect`, taint.effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']);
    const key = `${taint.effect}/${taint.key}`;
    if (seen.has(key)) yield duplicate(path, taint);
    seen.add(key);
  }
}

function* validateLimitRange({ spec }: Loose<LimitRange>): Problems {
  for (const [index, item] of (spec?.limits ?? []).entries()) {
    const path = `spec.limits[${index}]`;
    const { max = {}, min = {}, default: standard = {}, defaultRequest = {} } = item;
    for (const name of new Set([max, min, standard, defaultRequest].flatMap((part) => Object.keys(part)))) {
      yield* notAbove(`${path}.min[${name}]`, 'min', min[name], 'max', max[name]);
      yield* notAbove(`${path}.default[${name}]`, 'default', standard[name], 'max', max[name]);
      yield* notAbove(
        `${path}.defaultRequest[${name}]`,
        'default request',
        defaultRequest[name],
        'default limit',
        standard[name],
      );
    }
  }
}

function* notAbove(
  field: string,
  lowName: string,
  low: string | undefined,
  highName: string,
  high: string | undefined,
): Problems {
  if (low === undefined || high === undefined) return;
  if (compareQuantities(parseQuantity(low), parseQuantity(high)) > 0)
    yield invalid(field, low, `${lowName} value ${low} is greater than ${highName} value ${high}`);
}
