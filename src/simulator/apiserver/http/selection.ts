import {
  assertFieldsSupported,
  type FieldSelector,
  fieldSelectorMatches,
  parseFieldSelector,
} from '../../machinery/field-selector.js';
import {
  type LabelSelector,
  parseLabelSelector,
  SelectorError,
  selectorMatches,
} from '../../machinery/label-selector.js';
import type { KubernetesObject, ResourceName } from '../../object.js';
import type { ServedResource } from '../../schema/resources.js';
import { badRequest } from '../api-error.js';

/**
 * Fields by which objects can be selected, besides their name and namespace.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/#list-of-supported-fields
 */
const SELECTABLE_FIELDS: Record<ResourceName, string[]> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  'events.events.k8s.io': [
    'regarding.kind',
    'regarding.namespace',
    'regarding.name',
    'regarding.uid',
    'regarding.apiVersion',
    'regarding.resourceVersion',
    'regarding.fieldPath',
    'reason',
    'reportingController',
    'type',
  ],
  secrets: ['type'],
  namespaces: ['status.phase'],
  nodes: ['spec.unschedulable'],
  services: ['spec.clusterIP', 'spec.type'],
  replicationcontrollers: ['status.replicas'],
  'replicasets.apps': ['status.replicas'],
  'jobs.batch': ['status.successful'],
  'certificatesigningrequests.certificates.k8s.io': ['spec.signerName'],
};

/** Which objects a list, watch or deletecollection is about. */
export interface Selection {
  /** True when it names everything there is. */
  everything: boolean;
  matches(object: KubernetesObject): boolean;
}

const EVERYTHING: Selection = { everything: true, matches: () => true };

/** Reads the selectors of a query; `name` narrows to one object, as a watch of a single one does. Throws 400. */
export function readSelection(resource: ServedResource, query: URLSearchParams, name?: string): Selection {
  const labelText = query.get('labelSelector') ?? '';
  const fieldText = query.get('fieldSelector') ?? '';
  if (labelText === '' && fieldText === '' && name === undefined) return EVERYTHING;
  try {
    const labels = parseLabelSelector(labelText);
    const fields = parseFieldSelector(fieldText);
    if (name !== undefined) fields.push({ field: 'metadata.name', operator: '=', value: name });
    const supported = selectableFields(resource);
    assertFieldsSupported(fields, supported);
    return { everything: false, matches: (object) => selects(labels, fields, supported, object) };
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
}

function selectableFields({ definition, name }: ServedResource): readonly string[] {
  if (!definition) return SELECTABLE_FIELDS[name] ?? [];
  return (definition.selectableFields ?? []).map(({ jsonPath }) => jsonPath.replace(/^\./, ''));
}

function selects(
  labels: LabelSelector,
  fields: FieldSelector,
  supported: readonly string[],
  object: KubernetesObject,
): boolean {
  return (
    selectorMatches(labels, object.metadata.labels ?? {}) && fieldSelectorMatches(fields, object, supported)
  );
}

/** The single name that a field selector demands: authorization by name applies to it. */
export function selectedName(query: URLSearchParams): string | undefined {
  const match = /(?:^|,)metadata\.name==?([^,=!]+)(?:,|$)/.exec(query.get('fieldSelector') ?? '');
  return match?.[1];
}
