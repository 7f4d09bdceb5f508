import type { ControllerRevision, DaemonSet, StatefulSet } from '../../api/apps-v1.generated.js';
import type { PodTemplateSpec } from '../../api/core-v1.generated.js';
import { cloneJson, equalJson } from '../../machinery/json.js';
import { podTemplateHash } from '../../machinery/pod-template-hash.js';
import type { ControllerContext } from '../controller.js';
import { claimObjects, type Matcher } from './claim-pods.js';
import { hasReason, unlessGone } from './error-reason.js';
import { controllerReference } from './owner-references.js';

const REVISIONS = 'controllerrevisions.apps';

type Revisioned = StatefulSet | DaemonSet;
type RevisionContext = Pick<ControllerContext, 'client' | 'orphans'>;

/** The recorded templates of an owner, oldest revision first, and the one of its present template. */
export interface History {
  all: ControllerRevision[];
  update: ControllerRevision;
}

/** Records the owner's present template as the newest revision, unless it is; one that was recorded before moves up. */
export async function recordRevision(
  context: RevisionContext,
  owner: Revisioned,
  matches: Matcher,
  hashLabel: string,
): Promise<History> {
  const { client } = context;
  const claimed = await claimObjects<ControllerRevision>(context, REVISIONS, owner, matches);
  const all = claimed.sort((a, b) => a.revision - b.revision);
  const data = templatePatch(owner.spec.template);
  const equal = all.findLast((revision) => equalJson(revision.data, data));
  const newest = all.at(-1);
  if (equal && equal === newest) return { all, update: equal };
  const next = (newest?.revision ?? 0) + 1;
  if (equal) {
    const update = await client.update<ControllerRevision>(REVISIONS, { ...equal, revision: next });
    return { all: [...all.filter((revision) => revision !== equal), update], update };
  }
  const update = await create(context, owner, data, next, hashLabel);
  return { all: [...all, update], update };
}

/** The template that a revision recorded. */
export function recordedTemplate(revision: ControllerRevision): PodTemplateSpec {
  const data = revision.data as { spec?: { template?: PodTemplateSpec & { $patch?: string } } };
  const { $patch: _, ...template } = data.spec?.template ?? {};
  return cloneJson(template);
}

/** Deletes the oldest revisions beyond the limit that are not in use. */
export async function forgetRevisions(
  { client }: RevisionContext,
  history: readonly ControllerRevision[],
  inUse: ReadonlySet<string>,
  limit: number,
): Promise<void> {
  const unused = history.filter(({ metadata }) => !inUse.has(metadata.name));
  for (const { metadata } of unused.slice(0, Math.max(0, unused.length - limit))) {
    await unlessGone(client.delete(REVISIONS, metadata.namespace, metadata.name));
  }
}

/** The owner's template as a strategic merge patch that replaces the one it has: what `kubectl rollout undo` applies. */
function templatePatch(template: PodTemplateSpec): Record<string, unknown> {
  return { spec: { template: { ...cloneJson(template), $patch: 'replace' } } };
}

async function create(
  { client }: RevisionContext,
  owner: Revisioned,
  data: Record<string, unknown>,
  revision: number,
  hashLabel: string,
): Promise<ControllerRevision> {
  const hash = podTemplateHash(owner.spec.template, owner.status?.collisionCount);
  const name = `${owner.metadata.name}-${hash}`;
  const { namespace } = owner.metadata;
  try {
    return await client.create<ControllerRevision>(REVISIONS, {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name,
        namespace,
        labels: { ...owner.spec.template.metadata?.labels, [hashLabel]: hash },
        ownerReferences: [controllerReference(owner)],
      },
      data,
      revision,
    });
  } catch (error) {
    const taken = client.get<ControllerRevision>(REVISIONS, namespace, name);
    if (hasReason(error, 'AlreadyExists') && taken && equalJson(taken.data, data)) return taken;
    throw error;
  }
}
