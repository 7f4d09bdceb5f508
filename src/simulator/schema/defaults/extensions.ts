import type { JsonObject } from '../../machinery/json.js';
import { objectIn } from './core.js';
import type { Defaulter } from './defaulter.js';

const CRD = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** Defaults of CustomResourceDefinitions and of admission webhooks and policies, by type. */
export const EXTENSION_DEFAULTS: Record<string, Defaulter> = {
  [`${CRD}.CustomResourceDefinitionSpec`]: (spec) => {
    objectIn(spec, 'conversion')['strategy'] ??= 'None';
    const names = objectIn(spec, 'names');
    if (typeof names['kind'] !== 'string') return;
    names['singular'] ??= names['kind'].toLowerCase();
    names['listKind'] ??= `${names['kind']}List`;
  },
  [`${CRD}.ServiceReference`]: defaultPort,

  'admissionregistration.v1.ValidatingWebhook': defaultWebhook,
  'admissionregistration.v1.MutatingWebhook': (webhook) => {
    defaultWebhook(webhook);
    webhook['reinvocationPolicy'] ??= 'Never';
  },
  'admissionregistration.v1.ServiceReference': defaultPort,
  'admissionregistration.v1.RuleWithOperations': defaultScope,
  'admissionregistration.v1.NamedRuleWithOperations': defaultScope,
  'admissionregistration.v1.ValidatingAdmissionPolicySpec': defaultFailurePolicy,
  'admissionregistration.v1.MutatingAdmissionPolicySpec': defaultFailurePolicy,
  'admissionregistration.v1.MatchResources': defaultMatching,
};

function defaultPort(reference: JsonObject): void {
  reference['port'] ??= 443;
}

function defaultScope(rule: JsonObject): void {
  rule['scope'] ??= '*';
}

function defaultFailurePolicy(spec: JsonObject): void {
  spec['failurePolicy'] ??= 'Fail';
}

function defaultMatching(match: JsonObject): void {
  match['matchPolicy'] ??= 'Equivalent';
  match['namespaceSelector'] ??= {};
  match['objectSelector'] ??= {};
}

function defaultWebhook(webhook: JsonObject): void {
  defaultFailurePolicy(webhook);
  defaultMatching(webhook);
  webhook['timeoutSeconds'] ??= 10;
}
