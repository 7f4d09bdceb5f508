import type { KubernetesObject } from '../../object.js';
import type { ServedResource } from '../../schema/resources.js';
import { toTable } from '../tables/to-table.js';
import type { Format } from './negotiate.js';
import { isTrue } from './request-info.js';
import { serialize } from './serialize.js';

/** `metadata` of a list; https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/list-meta/ */
export interface ListMeta {
  resourceVersion?: string;
  continue?: string;
  remainingItemCount?: number;
}

/** Turns stored objects into the JSON texts of answers, in the form that a client asked for. */
export class Renderer {
  private readonly includeObject: 'None' | 'Metadata' | 'Object';
  private readonly noHeaders: boolean;

  constructor(
    private readonly resource: ServedResource,
    private readonly format: Format,
    query: URLSearchParams,
    private readonly nowMs: () => number,
  ) {
    const included = query.get('includeObject');
    this.includeObject = included === 'None' || included === 'Object' ? included : 'Metadata';
    this.noHeaders = isTrue(query.get('noHeaders'));
  }

  one(object: KubernetesObject): string {
    if (this.format.as === 'Table') {
      return this.table([object], { resourceVersion: object.metadata.resourceVersion }, !this.noHeaders);
    }
    return this.format.as === 'object' ? serialize(object) : this.partial(object);
  }

  list(objects: readonly KubernetesObject[], meta: ListMeta): string {
    const { as } = this.format;
    if (as === 'Table') return this.table(objects, meta, !this.noHeaders);
    const whole = as === 'object';
    const kind = whole ? this.resource.listKind : 'PartialObjectMetadataList';
    const apiVersion = whole ? this.resource.apiVersion : `meta.k8s.io/${this.format.metaVersion}`;
    const items = objects.map((object) => (whole ? serialize(object) : this.partial(object)));
    return `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(meta)},"items":[${items.join(',')}]}`;
  }

  /** The object of a watch event; only the first table of a watch has its headers. */
  watched(object: KubernetesObject, first: boolean): string {
    if (this.format.as !== 'Table') return this.one(object);
    return this.table(
      [object],
      { resourceVersion: object.metadata.resourceVersion },
      first && !this.noHeaders,
    );
  }

  /** What a watch sends to say only how far it is. */
  bookmark(revision: number, annotations?: Record<string, string>): string {
    const metadata = {
      resourceVersion: String(revision),
      creationTimestamp: null,
      ...(annotations && { annotations }),
    };
    const object = { kind: this.resource.kind, apiVersion: this.resource.apiVersion, metadata };
    if (this.format.as === 'Table') {
      const row = {
        cells: [],
        object: { ...object, kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' },
      };
      return JSON.stringify({
        kind: 'Table',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { resourceVersion: metadata.resourceVersion },
        columnDefinitions: null,
        rows: [row],
      });
    }
    if (this.format.as === 'object') return JSON.stringify(object);
    return JSON.stringify({
      ...object,
      kind: 'PartialObjectMetadata',
      apiVersion: `meta.k8s.io/${this.format.metaVersion}`,
    });
  }

  /** Whether an event is the same text for every watcher. */
  get shared(): boolean {
    return this.format.as === 'object';
  }

  private partial(object: KubernetesObject): string {
    return partialText(object, `meta.k8s.io/${this.format.metaVersion}`);
  }

  private table(
    objects: readonly KubernetesObject[],
    listMeta: ListMeta,
    columnDefinitions: boolean,
  ): string {
    const { resource, includeObject } = this;
    const { rows, ...head } = toTable(resource, objects, {
      nowMs: this.nowMs(),
      includeObject: 'None',
      listMeta,
      columnDefinitions,
      customColumns: resource.definition?.additionalPrinterColumns as never,
    });
    const objectTexts =
      includeObject === 'None' ? undefined : objects.map((object) => this.rowObject(object));
    const rowTexts = rows.map((row, index) => withMember(row, 'object', objectTexts?.[index]));
    const whole = { ...head, apiVersion: `meta.k8s.io/${this.format.metaVersion}` };
    return withMember(whole, 'rows', `[${rowTexts.join(',')}]`);
  }

  private rowObject(object: KubernetesObject): string {
    return this.includeObject === 'Object' ? serialize(object) : partialText(object, 'meta.k8s.io/v1');
  }
}

const partialText = ({ metadata }: KubernetesObject, apiVersion: string) =>
  `{"kind":"PartialObjectMetadata","apiVersion":"${apiVersion}","metadata":${serialize(metadata)}}`;

/** `value`, which is not empty, as JSON with one more member, if there is one. */
function withMember(value: object, name: string, text: string | undefined): string {
  const own = JSON.stringify(value);
  return text === undefined ? own : `${own.slice(0, -1)},"${name}":${text}}`;
}
