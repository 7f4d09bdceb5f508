import type { Job } from '../../api/batch-v1.generated.js';
import { type Controller, type ControllerContext, onChange } from '../controller.js';
import { unlessGone } from '../shared/error-reason.js';
import { keyOf, splitKey } from '../shared/object-key.js';
import { finishedCondition } from './job-verdict.js';

/** Deletes Jobs `ttlSecondsAfterFinished` after their end. */
export function ttlAfterFinishedController({ client, clock }: ControllerContext): Controller {
  return {
    watches: [
      onChange<Job>('jobs.batch', ({ type, object }) =>
        type !== 'DELETED' && object.spec.ttlSecondsAfterFinished !== undefined && finishedCondition(object)
          ? [keyOf(object)]
          : [],
      ),
    ],
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const job = client.get<Job>('jobs.batch', namespace, name);
      const finishedAt = job && finishedCondition(job)?.lastTransitionTime;
      if (!job || !finishedAt || job.metadata.deletionTimestamp !== undefined) return undefined;
      if (job.spec.ttlSecondsAfterFinished === undefined) return undefined;
      const leftMs = Date.parse(finishedAt) + job.spec.ttlSecondsAfterFinished * 1000 - clock.now();
      if (leftMs > 0) return leftMs;
      const { uid, resourceVersion } = job.metadata;
      await unlessGone(
        client.delete('jobs.batch', namespace, name, {
          uid,
          resourceVersion,
          propagationPolicy: 'Foreground',
        }),
      );
      return undefined;
    },
  };
}
