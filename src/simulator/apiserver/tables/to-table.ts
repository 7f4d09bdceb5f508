import type { Pod } from '../../api/core-v1.generated.js';
import type { KubernetesObject } from '../../object.js';
import type { ServedResource } from '../../schema/resources.js';
import type { Cell } from './cell.js';
import {
  builtInColumns,
  type ColumnDefinition,
  type CustomColumn,
  customColumnDefinitions,
  DEFAULT_CUSTOM_COLUMNS,
} from './columns.js';
import { printCustomCells } from './custom-cells.js';
import { podRowConditions } from './pods.js';
import { PRINTERS, printNameAndCreation } from './printers.js';

export interface TableRow {
  cells: Cell[];
  conditions?: { type: string; [key: string]: string }[];
  object?: unknown;
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
export interface Table {
  kind: 'Table';
  apiVersion: 'meta.k8s.io/v1';
  metadata: object;
  columnDefinitions?: readonly ColumnDefinition[];
  rows: TableRow[];
}

export interface TableOptions {
  /** What ages are counted from; milliseconds since the Unix epoch. */
  nowMs: number;
  /** The request's `includeObject`: what each row carries of its object. */
  includeObject: 'None' | 'Metadata' | 'Object';
  /** `resourceVersion`, `continue` and `remainingItemCount` of the list. */
  listMeta?: object | undefined;
  /** False leaves the headers out, as every event of a watch after the first does. */
  columnDefinitions?: boolean | undefined;
  /** Instead of the `additionalPrinterColumns` that the definition of a custom resource asks for. */
  customColumns?: readonly CustomColumn[] | undefined;
}

const partialObject = ({ metadata }: KubernetesObject) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
});

function rowObject(
  object: KubernetesObject,
  include: TableOptions['includeObject'],
): Pick<TableRow, 'object'> {
  if (include === 'None') return {};
  return { object: include === 'Object' ? object : partialObject(object) };
}

function conditionsOf(resource: ServedResource, object: KubernetesObject): Pick<TableRow, 'conditions'> {
  const conditions = resource.name === 'pods' && podRowConditions((object as Pod).status?.phase);
  return conditions ? { conditions } : {};
}

const columnsOrDefault = (columns: readonly CustomColumn[] | undefined) =>
  columns?.length ? columns : DEFAULT_CUSTOM_COLUMNS;

/** Objects of one resource as the API server prints them for `kubectl get`, all columns, wide ones included. */
export function toTable(
  resource: ServedResource,
  objects: readonly KubernetesObject[],
  { nowMs, includeObject, listMeta, columnDefinitions = true, customColumns }: TableOptions,
): Table {
  const columns = resource.custom
    ? columnsOrDefault(customColumns ?? resource.definition?.additionalPrinterColumns)
    : undefined;
  const print = PRINTERS[resource.name] ?? printNameAndCreation;
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: listMeta ?? {},
    ...(columnDefinitions && {
      columnDefinitions: columns ? customColumnDefinitions(columns) : builtInColumns(resource),
    }),
    rows: objects.map((object) => ({
      cells: columns ? printCustomCells(object, columns, nowMs) : print(object, nowMs),
      ...conditionsOf(resource, object),
      ...rowObject(object, includeObject),
    })),
  };
}
