import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../../api/admissionregistration-v1.generated.js';
import type { APIService } from '../../api/apiregistration-v1.generated.js';
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/flowcontrol-v1.generated.js';
import type { ResourceClaim, ResourceSlice } from '../../api/resource-v1.generated.js';
import { age, type Cell, NONE, selectorString, UNSET } from './cell.js';

export function printApiService(service: APIService, nowMs: number): Cell[] {
  const backend = service.spec?.service;
  const available = service.status?.conditions?.find((condition) => condition.type === 'Available');
  const state = available?.status ?? 'Unknown';
  return [
    service.metadata.name,
    backend ? `${backend.namespace ?? ''}/${backend.name ?? ''}` : 'Local',
    state === 'True' || !available ? state : `${state} (${available.reason ?? ''})`,
    age(service, nowMs),
  ];
}

type Webhooks = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

export function printWebhookConfiguration(configuration: Webhooks, nowMs: number): Cell[] {
  return [configuration.metadata.name, configuration.webhooks?.length ?? 0, age(configuration, nowMs)];
}

type AdmissionPolicy = MutatingAdmissionPolicy | ValidatingAdmissionPolicy;

export function printAdmissionPolicy(policy: AdmissionPolicy, nowMs: number): Cell[] {
  const spec = policy.spec ?? {};
  const rules = 'mutations' in spec ? spec.mutations : 'validations' in spec ? spec.validations : undefined;
  return [
    policy.metadata.name,
    rules?.length ?? 0,
    spec.paramKind ? `${spec.paramKind.apiVersion ?? ''}/${spec.paramKind.kind ?? ''}` : UNSET,
    age(policy, nowMs),
  ];
}

type AdmissionPolicyBinding = MutatingAdmissionPolicyBinding | ValidatingAdmissionPolicyBinding;

export function printAdmissionPolicyBinding(binding: AdmissionPolicyBinding, nowMs: number): Cell[] {
  const { policyName, paramRef } = binding.spec ?? {};
  const selected = paramRef?.selector ? selectorString(paramRef.selector) : UNSET;
  return [
    binding.metadata.name,
    policyName ?? '',
    // Whether the parameter has a namespace is not known here: `*` stands for any.
    paramRef?.name ? `${paramRef.namespace || '*'}/${paramRef.name}` : selected,
    age(binding, nowMs),
  ];
}

export function printFlowSchema(schema: FlowSchema, nowMs: number): Cell[] {
  const dangling = schema.status?.conditions?.find((condition) => condition.type === 'Dangling');
  return [
    schema.metadata.name,
    schema.spec.priorityLevelConfiguration.name,
    schema.spec.matchingPrecedence ?? 0,
    schema.spec.distinguisherMethod?.type ?? NONE,
    age(schema, nowMs),
    dangling?.status ?? '?',
  ];
}

export function printPriorityLevel(level: PriorityLevelConfiguration, nowMs: number): Cell[] {
  const { type, limited } = level.spec ?? {};
  const queuing = limited?.limitResponse?.queuing;
  return [
    level.metadata.name,
    type ?? '',
    limited?.nominalConcurrencyShares ?? NONE,
    queuing?.queues ?? NONE,
    queuing?.handSize ?? NONE,
    queuing?.queueLengthLimit ?? NONE,
    age(level, nowMs),
  ];
}

function claimState({ metadata, status }: ResourceClaim): string {
  const states: string[] = [];
  if (metadata.deletionTimestamp) states.push('deleted');
  else if (!status?.allocation) states.push('pending');
  if (status?.allocation) states.push('allocated', status.reservedFor?.length ? 'reserved' : '');
  return states.filter((state) => state !== '').join(',');
}

export function printResourceClaim(claim: ResourceClaim, nowMs: number): Cell[] {
  return [claim.metadata.name, claimState(claim), age(claim, nowMs)];
}

export function printResourceSlice(slice: ResourceSlice, nowMs: number): Cell[] {
  const { nodeName, driver, pool } = slice.spec;
  return [slice.metadata.name, nodeName ?? UNSET, driver, pool.name, age(slice, nowMs)];
}
