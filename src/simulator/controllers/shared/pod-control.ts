import type { Pod, PodTemplateSpec } from '../../api/core-v1.generated.js';
import type { ObjectMeta } from '../../api/meta-v1.generated.js';
import type { Client } from '../../client.js';
import { cloneJson } from '../../machinery/json.js';
import type { Draft, KubernetesObject } from '../../object.js';
import { hasReason } from './error-reason.js';
import { controllerReference } from './owner-references.js';

/** Creating or deleting at most so many pods in one go keeps one owner from holding up the others. */
export const BURST_REPLICAS = 500;

/** A pod of its template, owned by `owner`, to be named by the server: `web-7b46c4b544-…`. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubernetesObject): Draft<Pod> {
  const { labels, annotations, finalizers }: Partial<ObjectMeta> = template.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace,
      ...(labels && { labels: { ...labels } }),
      ...(annotations && { annotations: { ...annotations } }),
      ...(finalizers && { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: cloneJson(template.spec ?? { containers: [] }),
  };
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Creates and deletes pods for an owner, with the events that every workload controller writes on its owner. */
export class PodControl {
  constructor(
    private readonly client: Client,
    /** The component in the events, e.g. `replicaset-controller`. */
    private readonly source: string,
  ) {}

  async create(pod: Draft<Pod>, owner: KubernetesObject): Promise<Pod> {
    try {
      const created = await this.client.create<Pod>('pods', pod);
      this.note(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`);
      return created;
    } catch (error) {
      const namespaceGoes = hasReason(error, 'Forbidden') && messageOf(error).includes('being terminated');
      if (!namespaceGoes) {
        this.note(owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
      }
      throw error;
    }
  }

  async delete(pod: Pod, owner: KubernetesObject): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    try {
      await this.client.delete('pods', namespace, name, { uid });
      this.note(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
    } catch (error) {
      if (hasReason(error, 'NotFound')) return;
      this.note(owner, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
      throw error;
    }
  }

  /**
   * Creates `count` pods in batches of 1, 2, 4, …: when the API server refuses, e.g. by quota, one refusal is enough to
   * stop. Returns how many were created, and the first error.
   */
  async createInBatches(
    count: number,
    make: (index: number) => Draft<Pod>,
    owner: KubernetesObject,
  ): Promise<{ created: number; error?: unknown }> {
    let created = 0;
    for (let size = 1; created < count; size *= 2) {
      const batch = Math.min(size, count - created);
      const results = await Promise.allSettled(
        Array.from({ length: batch }, (_, index) => this.create(make(created + index), owner)),
      );
      created += results.filter((result) => result.status === 'fulfilled').length;
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) return { created, error: failed.reason };
    }
    return { created };
  }

  async deleteAll(pods: readonly Pod[], owner: KubernetesObject): Promise<void> {
    const results = await Promise.allSettled(pods.map((pod) => this.delete(pod, owner)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  private note(about: KubernetesObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.client.note({ about, type, reason, message, source: this.source });
  }
}
